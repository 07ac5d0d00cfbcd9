package authorization_test

import (
	"math/rand/v2"
	"testing"

	"github.com/coldstart-aws/coldstart/authorization"
)

func BenchmarkDecide(b *testing.B) {
	r := random{rand.New(rand.NewPCG(1, 2))} //nolint:gosec // The same in every run.
	q, p := r.request(), r.all()
	for range 10 {
		p.Identity = append(p.Identity, r.policies("more", 3)...)
		p.ServiceControl = append(p.ServiceControl, authorization.Level{Name: "more", Policies: r.policies("more", 3)})
	}
	for b.Loop() {
		authorization.Decide(q, p)
	}
}
