package proof

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"github.com/coldstart-aws/coldstart/organization"
)

func TestRecords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		change func(*types.ConfigurationRecorder)
		err    string
	}{
		{func(*types.ConfigurationRecorder) {}, ""},
		{func(r *types.ConfigurationRecorder) { r.RecordingGroup = nil }, "doesn't record every type of resource"},
		{func(r *types.ConfigurationRecorder) { r.RecordingGroup.AllSupported = false }, "doesn't record every type of resource"},
		{func(r *types.ConfigurationRecorder) { r.RecordingGroup.IncludeGlobalResourceTypes = false }, "records IAM: false"},
		{func(r *types.ConfigurationRecorder) { r.RecordingMode = nil }, "doesn't record DAILY"},
		{func(r *types.ConfigurationRecorder) {
			r.RecordingMode.RecordingFrequency = types.RecordingFrequencyContinuous
		}, "doesn't record DAILY"},
	} {
		r := types.ConfigurationRecorder{
			Name: aws.String("default"), RecordingGroup: &types.RecordingGroup{AllSupported: true, IncludeGlobalResourceTypes: true},
			RecordingMode: &types.RecordingMode{RecordingFrequency: types.RecordingFrequencyDaily},
		}
		c.change(&r)
		if err := records(r, organization.RecordDaily, true); !errorHas(err, c.err) {
			t.Errorf("%v, want %q", err, c.err)
		}
	}
}

func TestAdmitsOnlyRecorders(t *testing.T) {
	t.Parallel()
	const accounts = `"Condition": {"StringEquals": {"aws:SourceAccount": ["111111111111", "222222222222"]}}`
	const config = `{"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "*", ` + accounts + `}`
	for statements, want := range map[string]string{
		config: "",
		`{"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "*"}`:                                                                         "isn't limited to recorders",
		`{"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": ["333333333333"]}}}`: "isn't limited to recorders",
		`{"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}, "Action": "s3:GetBucketAcl", "Resource": "*", ` + accounts + `}`:                                                    "no statement allows AWS Config s3:PutObject",
		config + `, {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444444444444:root"}, "Action": "s3:PutObject", "Resource": "*"}`:                                                        "lets in others than AWS Config",
		config + `, {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "s3:*", "Resource": "*"}`:                                                                "",
	} {
		document, err := parsePolicy(`{"Version": "2012-10-17", "Statement": [` + statements + `]}`)
		if err != nil {
			t.Fatal(err)
		}
		recorders := delivered{service: "AWS Config", principal: organization.ConfigService, writers: "recorders", accounts: []string{"111111111111", "222222222222"}}
		if err := document.admitsOnly(recorders, "s3:PutObject", "111111111111"); !errorHas(err, want) {
			t.Errorf("%s: %v, want %q", statements, err, want)
		}
	}
}
