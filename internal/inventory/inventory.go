// Package inventory has the resources of an organization's accounts in the terms of Pulumi's AWS provider: those that
// the programs would declare (package blueprint), or those that AWS has.
//
//	for _, r := range inventory.Resources {
//		if r.Type == awstype.IAMRole {
//			fmt.Println(inventory.NameOf(r.Account), r.Text("assumeRolePolicy"))
//		}
//	}
package inventory

// Inventory is what accounts have.
type Inventory struct {
	// Accounts are the accounts' ids by their names.
	Accounts  map[string]string
	Resources []Resource
}

// NameOf returns the name of the account with an id; empty if it is none of the organization's.
func (i *Inventory) NameOf(id string) string {
	for name, other := range i.Accounts {
		if other == id {
			return name
		}
	}
	return ""
}

// Resource is a resource of AWS's.
type Resource struct {
	// Type is the type's token, of package awstype, and Name the logical name.
	Type, Name string
	// Account is the id of the account that the resource is in, and Region the region in which it was made.
	Account, Region string
	ID, ARN         string
	// Inputs are the resource's inputs as plain Go values.
	Inputs map[string]any
	// Unread says that AWS refuses to show the resource's policy, which Inputs doesn't have.
	Unread bool
}

// Text returns an input that is a text; empty if there is none.
func (r Resource) Text(name string) string {
	v, _ := r.Inputs[name].(string)
	return v
}

// Texts returns an input that is a list of texts.
func (r Resource) Texts(name string) []string {
	list, _ := r.Inputs[name].([]any)
	var texts []string
	for _, v := range list {
		if text, ok := v.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}
