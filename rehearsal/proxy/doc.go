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
// faults has a rule that makes calls fail. Both packages import this package, which imports
// neither.
//
// A [Rule] gets each [Call] and a function for the rest of the chain. It returns an [Answer]:
// its own, the emulator's, or the emulator's with changes. Rules ask the emulator through a
// [World], and the World also writes a refusal in the protocol of the call's service. So an
// AWS SDK decodes the refusal as it would decode AWS's own, and retries only what it would
// retry with AWS.
//
// A program can put its own rule before or after other rules:
//
//	proxy.Options{Rules: func(w *proxy.World) []proxy.Rule {
//		return append([]proxy.Rule{outage{w}}, limits.Rules(w)...)
//	}}
//
// Several goroutines call a rule at the same time.
//
// New versions only add fields to a [Report]'s JSON. Go names may change until version 1.
package proxy
