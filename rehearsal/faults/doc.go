// Package faults makes calls to AWS go wrong, and kills who makes them, at points
// that can be named and come back: a rehearsal has to survive what a cold start in
// AWS may meet.
//
//	plan, err := faults.Parse("call=120:drop-after,action=iam:CreateRole:500*3")
//	if err != nil {
//		return err
//	}
//	injector := faults.New(plan, faults.Options{Kill: faults.KillTree(pid)})
//	front, err := limits.Start(endpoint, limits.Options{Rules: injector.Before(limits.Rules)})
//	…
//	fmt.Println(injector.Injected())
//
// A [Plan] is a list of faults. Its text is what `coldstart rehearse --faults` takes
// and String returns. An [Injector] is a plan at work: a rule in front of all others
// of package limits, which counts calls and notes what it did to them.
//
// The text of a plan stays valid. What a seed chooses may change, and so a plan that was
// chosen is noted as text. Go names may change until version 1.
package faults
