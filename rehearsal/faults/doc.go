// Package faults makes calls to AWS fail, and kills the processes that make calls, at points
// that a text names, so that the same fault can be injected again. coldstart has to survive in
// a rehearsal what a cold start in AWS may meet.
//
//	plan, err := faults.Parse("call=120:drop-after,action=iam:CreateRole:500*3")
//	if err != nil {
//		return err
//	}
//	injector := faults.New(plan, faults.Options{Kill: faults.KillTree(pid)})
//	front, err := proxy.Start(endpoint, proxy.Options{Rules: injector.Before(limits.Rules)})
//	…
//	fmt.Println(injector.Injected())
//
// A [Plan] is a list of faults. `coldstart rehearse --faults` takes a plan as text, which Parse
// reads and String writes. An [Injector] injects the faults of a plan: as a rule in front of
// all other rules, it counts the calls and records the faults that it injects. Several
// goroutines may use an Injector at the same time.
//
// The text of a plan stays valid in later versions. A seed may choose other faults in a later
// version, so reports have the chosen faults as text and not the seed. Go names may change
// until version 1.
package faults
