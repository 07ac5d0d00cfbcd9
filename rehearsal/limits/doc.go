// Package limits has the rules of AWS that an emulator of AWS doesn't enforce: rates,
// quotas, what takes its time, and who may come in where. They are rules for package
// proxy, which stands in front of the emulator:
//
//	server, err := proxy.Start("http://127.0.0.1:5000", proxy.Options{Scale: 60, Rules: limits.Rules})
//
// A rule is one thing that AWS enforces, in a file of its own with the address of AWS's
// document. [Options.Rules] is the table of all rules, in the order in which they see a
// call. [Published] has the numbers that they enforce, each with its source and date.
// To add a rule, write a type with Name and Apply in a new file, and add a row to the
// table. A refusal that needs no state and only asks the emulator whether something is
// done already is a row of the table in repeated.go.
//
// Rules read the time from the proxy, where proxy.Options.Scale of AWS's seconds pass in
// one, so that an hour takes a minute.
//
// Rules and numbers follow AWS, and change with it. Go names may change until version 1.
package limits
