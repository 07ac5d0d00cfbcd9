package rehearsal

import (
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
)

// TestLimited says where the time went, of which the floor is AWS's rate alone.
func TestLimited(t *testing.T) {
	t.Parallel()
	f, err := (&Options{Limits: 10}).startFront(&organization.Organization{}, &Emulator{endpoint: "http://127.0.0.1:1"}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
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
	c := &limits.Call{Service: "organizations", Action: "CreateAccount"}
	f.asked.call(c, &limits.Answer{Status: 400})
	f.asked.call(&limits.Call{Service: "organizations", Action: "CreateOrganization"}, &limits.Answer{Status: 200})
	if f.asked.call(c, &limits.Answer{Status: 200}); len(f.asked.taken) != 10 {
		t.Errorf("%d requests", len(f.asked.taken))
	}
}
