package limits_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/google/go-cmp/cmp"
)

// forgetful is an AWS Config that has one recorder for each account and region, and drops recording modes.
type forgetful struct {
	mu        sync.Mutex
	recorders map[string]map[string]any
}

func (f *forgetful) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	scope := strings.Split(r.Header.Get("Authorization"), "/")
	place := scope[0] + scope[2]
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	switch r.Header.Get("X-Amz-Target") {
	case "StarlingDoveService.PutConfigurationRecorder":
		var in struct{ ConfigurationRecorder map[string]any }
		_ = json.Unmarshal(body, &in)
		delete(in.ConfigurationRecorder, "recordingMode")
		f.recorders[place] = in.ConfigurationRecorder
	case "StarlingDoveService.DeleteConfigurationRecorder":
		delete(f.recorders, place)
	case "StarlingDoveService.DescribeConfigurationRecorders":
		all := []any{}
		if f.recorders[place] != nil {
			all = append(all, f.recorders[place])
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"ConfigurationRecorders": all})
		return
	}
	_, _ = w.Write([]byte("{}"))
}

const recorderRole = "arn:aws:iam::123456789012:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"

// An empty object of exclusions excludes nothing.
func TestRecorderWithoutExclusions(t *testing.T) {
	t.Parallel()
	emulator := &forgetful{recorders: map[string]map[string]any{}}
	s := start(t, emulator.ServeHTTP, unhurried(nil))
	_, err := configservice.NewFromConfig(s.master()).PutConfigurationRecorder(ctx(), &configservice.PutConfigurationRecorderInput{ConfigurationRecorder: &types.ConfigurationRecorder{
		Name: aws.String("default"), RoleARN: aws.String(recorderRole),
		RecordingGroup: &types.RecordingGroup{AllSupported: true, ExclusionByResourceTypes: &types.ExclusionByResourceTypes{}},
	}})
	must(t, err)
	for _, recorder := range emulator.recorders {
		if group, _ := recorder["recordingGroup"].(map[string]any); group["allSupported"] != true || len(group) != 1 {
			t.Errorf("the emulator gets %v", group)
		}
	}
}

// TestRecordingModes checks that each recorder has the mode that was put last.
func TestRecordingModes(t *testing.T) {
	t.Parallel()
	s := start(t, (&forgetful{recorders: map[string]map[string]any{}}).ServeHTTP, unhurried(nil))
	client := configservice.NewFromConfig(s.master())
	in := func(region string) func(*configservice.Options) {
		return func(o *configservice.Options) { o.Region = region }
	}
	put := func(region string, mode *types.RecordingMode) {
		_, err := client.PutConfigurationRecorder(ctx(), &configservice.PutConfigurationRecorderInput{ConfigurationRecorder: &types.ConfigurationRecorder{
			Name: aws.String("default"), RoleARN: aws.String(recorderRole), RecordingGroup: &types.RecordingGroup{AllSupported: true}, RecordingMode: mode,
		}}, in(region))
		must(t, err)
	}
	shows := func(when, region string, want *types.RecordingMode) {
		t.Helper()
		out, err := client.DescribeConfigurationRecorders(ctx(), nil, in(region))
		must(t, err)
		if len(out.ConfigurationRecorders) != 1 {
			t.Fatalf("%s: %d recorders", when, len(out.ConfigurationRecorders))
		}
		got := out.ConfigurationRecorders[0]
		if aws.ToString(got.RoleARN) != recorderRole || !got.RecordingGroup.AllSupported {
			t.Errorf("%s: the rest is %+v", when, got)
		}
		a, _ := json.Marshal(got.RecordingMode)
		b, _ := json.Marshal(want)
		if diff := cmp.Diff(string(b), string(a)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	continuous := &types.RecordingMode{RecordingFrequency: types.RecordingFrequencyContinuous}
	daily := &types.RecordingMode{RecordingFrequency: types.RecordingFrequencyDaily, RecordingModeOverrides: []types.RecordingModeOverride{{
		Description: aws.String("d"), RecordingFrequency: types.RecordingFrequencyContinuous, ResourceTypes: []types.ResourceType{types.ResourceTypeSecurityGroup},
	}}}
	put("eu-north-1", nil)
	shows("without a mode", "eu-north-1", continuous)
	put("eu-west-1", daily)
	shows("with a mode", "eu-west-1", daily)
	shows("in another region", "eu-north-1", continuous)
	put("eu-west-1", nil)
	shows("without a mode again", "eu-west-1", continuous)
	put("eu-west-1", daily)
	_, err := client.DeleteConfigurationRecorder(ctx(), &configservice.DeleteConfigurationRecorderInput{ConfigurationRecorderName: aws.String("default")}, in("eu-west-1"))
	must(t, err)
	out, err := client.DescribeConfigurationRecorders(ctx(), nil, in("eu-west-1"))
	must(t, err)
	if len(out.ConfigurationRecorders) != 0 {
		t.Errorf("what is deleted is still there: %v", out.ConfigurationRecorders)
	}
}

// AWS Config takes any text for a role, but not none.
func TestRecordersWithoutRole(t *testing.T) {
	t.Parallel()
	s := start(t, (&forgetful{recorders: map[string]map[string]any{}}).ServeHTTP, unhurried(nil))
	for role, code := range map[string]string{"": "InvalidRoleException", "arn:aws:iam::123456789012:user/u": ""} {
		_, err := configservice.NewFromConfig(s.master()).PutConfigurationRecorder(ctx(), &configservice.PutConfigurationRecorderInput{
			ConfigurationRecorder: &types.ConfigurationRecorder{Name: aws.String("default"), RoleARN: &role},
		})
		refused(t, err, code, "null or empty Amazon Resource Name (ARN) for the IAM role")
	}
}
