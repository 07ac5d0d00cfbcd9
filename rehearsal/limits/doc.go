// Package limits stands in front of an emulator of AWS and enforces what AWS
// enforces and the emulator doesn't: rates, quotas, what takes its time, and who
// may come in where. A reverse proxy recognises the service and the action of
// each request and answers in that service's own protocol, so that an SDK takes
// a refusal for what it is and tries again, or doesn't, as it would against AWS.
//
//	front, err := limits.Start("http://127.0.0.1:5000", limits.Options{Scale: 60})
//	if err != nil {
//		return err
//	}
//	defer front.Close()
//	os.Setenv("AWS_ENDPOINT_URL", front.Endpoint())
//	…
//	fmt.Println(front.Report())
//
// A [Rule] is one thing that AWS enforces. [Rules] is the table of all of them, in
// the order in which they see a call; published.go is the table of their numbers,
// each with its source and date. Rules read the time from a [World], in which
// Options.Scale of AWS's seconds pass in one, so that an hour takes a minute.
//
// A rule of one's own goes before or between them:
//
//	limits.Options{Rules: func(w *limits.World) []limits.Rule {
//		return append([]limits.Rule{outage{w}}, limits.Rules(w)...)
//	}}
package limits
