package rehearsal

import (
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// TestLimited says where the time went, of which the floor is AWS's rate alone.
func TestLimited(t *testing.T) {
	t.Parallel()
	f := (&Options{Limits: 10}).newFront(&organization.Organization{}, t.TempDir())
	f.emulator = &Emulator{bare: "http://127.0.0.1:1", pace: 10}
	if err := f.emulator.putFront(*f.options); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.emulator.Stop() }()
	if env := Environment(f.emulator, t.TempDir()); env["COLDSTART_PACE"] != "10" {
		t.Errorf("the pace is %q", env["COLDSTART_PACE"])
	}
	begin := time.Now()
	for i := range 9 {
		f.asked.taken = append(f.asked.taken, begin.Add(2*time.Second+time.Duration(i)*time.Second))
	}
	r := f.limited(begin, begin.Add(30*time.Second))
	if r.Created != 9 || r.FloorSeconds != 6 || r.BeforeSeconds != 2 || r.AskingSeconds != 8 || r.AfterSeconds != 20 {
		t.Errorf("%+v", r)
	}
	// What AWS refuses isn't a request that it took.
	c := &proxy.Call{Service: "organizations", Action: "CreateAccount"}
	f.asked.call(c, &proxy.Answer{Status: 400})
	f.asked.call(&proxy.Call{Service: "organizations", Action: "CreateOrganization"}, &proxy.Answer{Status: 200})
	if f.asked.call(c, &proxy.Answer{Status: 200}); len(f.asked.taken) != 10 {
		t.Errorf("%d requests", len(f.asked.taken))
	}
}
