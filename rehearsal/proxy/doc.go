// Package proxy is a reverse proxy in front of an emulator of AWS. The proxy finds
// out which service and action a request is for, and who makes it, and runs the
// request through a list of rules before the emulator gets it:
//
//	server, err := proxy.Start("http://127.0.0.1:5000", proxy.Options{Rules: limits.Rules})
//	if err != nil {
//		return err
//	}
//	defer server.Close()
//	os.Setenv("AWS_ENDPOINT_URL", server.Endpoint())
//	…
//	fmt.Println(server.Report())
//
// The proxy itself refuses nothing. Package limits has the rules of AWS, and package
// faults has one that makes calls fail. Both import this package, and this package
// knows neither.
//
// A [Rule] gets each [Call] and what comes after the rule, and returns an [Answer]:
// its own, the emulator's, or the emulator's with changes. It asks the emulator, and
// writes answers in the protocol of the call's service, through a [World]. So an SDK
// takes a refusal for what it is and tries again, or doesn't, as it would against AWS.
//
// A rule of one's own goes before other rules, or after them:
//
//	proxy.Options{Rules: func(w *proxy.World) []proxy.Rule {
//		return append([]proxy.Rule{outage{w}}, limits.Rules(w)...)
//	}}
//
// Rules are called by several goroutines at once.
//
// The fields of a Report's JSON are only added to. Go names may change until version 1.
package proxy
