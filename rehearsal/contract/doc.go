// Package contract has a rule for a proxy in front of an emulator: it holds every request against AWS's own model of the
// service, and refuses what the model rules out, as AWS does. moto accepts most of it.
//
//	server, err := proxy.Start("http://127.0.0.1:5000", proxy.Options{Rules: func(w *proxy.World) []proxy.Rule {
//		return []proxy.Rule{contract.New(w)}
//	}})
//
// A second rule, Keep, answers what no emulator has, such as all of IAM Access Analyzer: it keeps what is created, and gives it
// back. IAM Identity Center's roles alone are made in the emulator, in the account that they are for.
//
// A model says which members a request has, which of them it must have, of which types, and within which lengths, patterns
// and enumerations. It says nothing of what depends on the account: that is for package limits.
//
// The models are generated: data/README.md names their source and version. A service that isn't among them isn't checked,
// nor are S3's calls about objects, whose models say nothing that moto doesn't check. A pattern that Go's regular expressions
// can't have isn't checked.
// https://smithy.io/2.0/spec/constraint-traits.html
package contract

//go:generate go run ./generate data
