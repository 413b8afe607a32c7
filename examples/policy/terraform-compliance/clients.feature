Feature: Clients that invoices can be sent to

  # terraform-compliance does not look at records that a plan deletes (rego/clients.rego does), and shows those that it
  # only forgets without values.

  Scenario: Every client has an address for invoices
    Given I have freshbooks_client defined
    When its actions is not forget
    Then it must have email
    And its value must match the "^[^@ ]+@[^@ ]+[.][^@ ]+$" regex

  Scenario: Every new client has a currency, for it cannot be changed once there are invoices
    Given I have freshbooks_client defined
    When its actions includes create
    Then it must have currency_code
    And its value must match the "^(CAD|USD|EUR)$" regex

  Scenario: No contact writes from a mailbox that anybody can have
    Given I have freshbooks_contact defined
    When its actions is not forget
    Then it must have email
    And its value must not match the "^.*@(gmail|outlook)[.]com$" regex
