"""What is wrong, prepared for real, and what the doctor says of it."""
