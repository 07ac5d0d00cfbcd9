// Package organization holds the declaration: what the AWS organization should
// be, as plain Go values read from Pulumi.master.yaml or built by a program.
//
// It knows names, networks, e-mail addresses and the rules that all of them
// must keep, and nothing of Pulumi's resources or of AWS's API. Whatever goes
// wrong here goes wrong before anything is registered, and every problem is
// reported at once:
//
//	org, err := organization.Load("Pulumi.master.yaml")
//	if err != nil {
//		return err // one line a problem: key, value, what to write instead
//	}
//	for _, name := range org.AccountNames() {
//		fmt.Println(name, org.AccountEmail(name), org.ZoneName(name))
//	}
//
// Everything about an account is keyed by its name and nothing by its position:
// inserting, removing or reordering accounts changes no other account.
//
// A declaration that a version takes is taken by later versions, and means the same: keys
// of Pulumi.master.yaml are added, and none is taken away without a problem that says what
// to write instead. Names of resources in AWS that come from it don't change. Texts of
// problems may change. Go names may change until version 1.
package organization
