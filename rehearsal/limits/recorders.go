package limits

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// configService is how requests to AWS Config are signed, configPrincipal is its service principal, and configTarget begins
// its actions in the X-Amz-Target header.
const (
	configService   = "config"
	configPrincipal = configService + ".amazonaws.com"
	configTarget    = "StarlingDoveService."
)

// recorders keeps the recording mode of configuration recorders, which moto drops without a word, and the roles that
// recorders use. It refuses a recorder without a role, which moto takes.
// https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigurationRecorder.html
// https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingMode.html
type recorders struct {
	w     *world
	mu    sync.Mutex
	known map[recorderKey]recorder
}

// recorderKey is what identifies a configuration recorder.
type recorderKey struct{ account, region, name string }

// recorder is what the rule keeps of a configuration recorder. The names are those of AWS's model.
type recorder struct {
	Name          string
	RoleARN       string
	RecordingMode json.RawMessage // nil for AWS's default
}

func newRecorders(w *world) *recorders {
	return &recorders{w: w, known: map[recorderKey]recorder{}}
}

func (*recorders) Name() string { return "configuration recorder" }

func (r *recorders) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !c.Is(configService, "PutConfigurationRecorder", "DescribeConfigurationRecorders", "DeleteConfigurationRecorder") {
		return next(c)
	}
	var in struct {
		ConfigurationRecorder     *recorder
		ConfigurationRecorderName string
	}
	_ = json.Unmarshal(c.Body, &in) // The emulator says what is wrong with the request.
	if put := in.ConfigurationRecorder; c.Action == "PutConfigurationRecorder" && put != nil && put.RoleARN == "" {
		return r.w.Refuse(c, proxy.Problem{
			Status: http.StatusBadRequest, Code: "InvalidRoleException",
			Message: "You have provided a null or empty Amazon Resource Name (ARN) for the IAM role assumed by Config and used by the customer managed configuration recorder.",
		})
	}
	if c.Action == "PutConfigurationRecorder" {
		c.Body = withoutExclusions(c.Body)
	}
	a := next(c)
	if !a.OK() {
		return a
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case c.Action == "DescribeConfigurationRecorders":
		r.describe(c, a)
	case c.Action == "DeleteConfigurationRecorder":
		delete(r.known, recorderKey{c.Caller.Account, c.Region, in.ConfigurationRecorderName})
	case in.ConfigurationRecorder != nil:
		r.known[recorderKey{c.Caller.Account, c.Region, in.ConfigurationRecorder.Name}] = *in.ConfigurationRecorder
	}
	return a
}

// withoutExclusions takes an empty object of exclusions out of a request. The AWS plugin sends one when it changes a recorder that has been
// read, since an answer has an empty list of exclusions. moto compares it with an object that has such a list, and refuses it.
func withoutExclusions(body []byte) []byte {
	var in map[string]any
	if json.Unmarshal(body, &in) != nil {
		return body
	}
	put, _ := in["ConfigurationRecorder"].(map[string]any)
	group, _ := put["recordingGroup"].(map[string]any)
	if excluded, ok := group["exclusionByResourceTypes"].(map[string]any); !ok || len(excluded) > 0 {
		return body
	}
	delete(group, "exclusionByResourceTypes")
	changed, _ := json.Marshal(in) // It was read from a request.
	return changed
}

// continuous is the recording mode of a recorder that was put without one.
var continuous = json.RawMessage(`{"recordingFrequency":"CONTINUOUS"}`)

// describe adds the recording modes to the emulator's answer. The caller holds the lock.
func (r *recorders) describe(c *proxy.Call, a *proxy.Answer) {
	var out struct{ ConfigurationRecorders []map[string]any }
	if json.Unmarshal(a.Body, &out) != nil {
		return
	}
	for _, shown := range out.ConfigurationRecorders {
		name, _ := shown["name"].(string)
		mode := r.known[recorderKey{c.Caller.Account, c.Region, name}].RecordingMode
		if mode == nil {
			mode = continuous
		}
		shown["recordingMode"] = mode
	}
	a.Body, _ = json.Marshal(out) // It was read from an answer.
}

// using returns the recorders of an account that use a role.
func (r *recorders) using(account, role string) (keys []recorderKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, kept := range r.known {
		if key.account == account && kept.RoleARN == role {
			keys = append(keys, key)
		}
	}
	return keys
}
