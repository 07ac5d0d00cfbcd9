// Package limits has the rules of AWS that an emulator of AWS doesn't enforce: rates, quotas,
// delays, and permissions. They are rules for a proxy of package proxy in front of the emulator:
//
//	server, err := proxy.Start("http://127.0.0.1:5000", proxy.Options{Scale: 60, Rules: limits.Rules})
//
// Each rule enforces one thing that AWS enforces. It has a file of its own, with the address of
// AWS's document. The rule authorize, which decides by policies, has files for where the policies
// come from and for what a call asks. [Options.Rules] is the table of all rules, in the order in which rules get a
// call. [Published] has the numbers that the rules enforce, each with its source and date.
//
// To add a rule, write a type with the methods Name and Apply in a new file, and add a row to
// the table. A rule that keeps no state, and only asks the emulator whether the effect of a call
// is there already, is a row of the table in repeated.go instead.
//
// Rules read the time from the proxy. proxy.Options.Scale says how many of AWS's seconds pass in
// one second, so with a scale of 60 an hour of AWS's takes a minute.
//
// A refusal has the error code and the fields that AWS documents, so an AWS SDK decodes it as
// AWS's own. Where a message explains more than AWS does, the addition is in parentheses and
// begins with "rehearsal:".
//
// Rules and numbers change when AWS changes. Go names may change until version 1.
package limits
