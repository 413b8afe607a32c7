# For opa, conftest and every other engine that speaks Rego; the input is `reconciler plan --format json`.
package clients

import rego.v1

currencies := {"CAD", "USD", "EUR"}

# What a plan does to clients; contacts have a type of their own, freshbooks_contact.
changes contains change if {
	some change in input.resource_changes
	change.type == "freshbooks_client"
}

deny contains sprintf("%s: clients are archived, not deleted", [change.address]) if {
	some change in changes
	"delete" in change.change.actions
}

deny contains sprintf("%s: a new client needs a currency: CAD, EUR or USD", [change.address]) if {
	some change in changes
	"create" in change.change.actions
	not object.get(change.change.after, "currency_code", "") in currencies
}

deny contains sprintf("%s: the domain of an email address changes; whoever gets the invoices must agree", [change.address]) if {
	some change in changes
	"update" in change.change.actions
	change.change.before.email != change.change.after.email
	not same_domain(change.change.before, change.change.after)
}

# Where there is no address before or after, it is not the same.
same_domain(one, other) if domain(one) == domain(other)

domain(client) := lower(split(client.email, "@")[1])
