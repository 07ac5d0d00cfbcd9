package limits_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
)

// linking is an IAM that names service-linked roles as moto does. It takes everything else.
type linking struct {
	mu    sync.Mutex
	roles map[string]url.Values // by name
}

func (l *linking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Amz-Target") != "" {
		_, _ = w.Write([]byte("{}"))
		return
	}
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	l.mu.Lock()
	defer l.mu.Unlock()
	action, name, result := form.Get("Action"), form.Get("RoleName"), ""
	switch action {
	case "CreateServiceLinkedRole":
		service, _, _ := strings.Cut(form.Get("AWSServiceName"), ".")
		name = "AWSServiceRoleFor" + service
		form.Set("Path", "/aws-service-role/"+form.Get("AWSServiceName")+"/")
		l.roles[name] = form
	case "CreateRole":
		l.roles[name] = form
	case "DeleteServiceLinkedRole":
		delete(l.roles, name)
		result = "<DeletionTaskId>task</DeletionTaskId>"
	case "GetServiceLinkedRoleDeletionStatus":
		result = "<Status>SUCCEEDED</Status>"
	}
	if role := l.roles[name]; role != nil {
		result = fmt.Sprintf("<Role><Path>%[1]s</Path><RoleName>%[2]s</RoleName><Arn>arn:aws:iam::123456789012:role%[1]s%[2]s</Arn><Description>%[3]s</Description><AssumeRolePolicyDocument>%[4]s</AssumeRolePolicyDocument></Role>",
			role.Get("Path"), name, role.Get("Description"), url.QueryEscape(role.Get("AssumeRolePolicyDocument")))
	}
	w.Header().Set("Content-Type", "text/xml")
	if strings.HasPrefix(action, "GetRole") && l.roles[name] == nil {
		w.WriteHeader(http.StatusNotFound)
	}
	fmt.Fprintf(w, "<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", action, result)
}

func linked(s *stage, service string) (*types.Role, error) {
	out, err := iam.NewFromConfig(s.master()).CreateServiceLinkedRole(ctx(), &iam.CreateServiceLinkedRoleInput{AWSServiceName: &service, Description: aws.String("d")})
	if err != nil {
		return nil, err
	}
	return out.Role, nil
}

// TestServiceLinkedRoles checks that service-linked roles have AWS's names, once for each account.
func TestServiceLinkedRoles(t *testing.T) {
	t.Parallel()
	emulator := &linking{roles: map[string]url.Values{}}
	s := start(t, emulator.ServeHTTP, unhurried(nil))
	for service, name := range map[string]string{
		"config.amazonaws.com":     "AWSServiceRoleForConfig",
		"inspector2.amazonaws.com": "AWSServiceRoleForAmazonInspector2",
		"other.amazonaws.com":      "AWSServiceRoleForother", // What the rule doesn't know is the emulator's.
	} {
		role, err := linked(s, service)
		must(t, err)
		path := "/aws-service-role/" + service + "/"
		if aws.ToString(role.RoleName) != name || aws.ToString(role.Path) != path || aws.ToString(role.Arn) != "arn:aws:iam::123456789012:role"+path+name || aws.ToString(role.Description) != "d" {
			t.Errorf("%s has %+v", service, role)
		}
		found, err := iam.NewFromConfig(s.master()).GetRole(ctx(), &iam.GetRoleInput{RoleName: &name})
		must(t, err)
		if trust, _ := url.QueryUnescape(aws.ToString(found.Role.AssumeRolePolicyDocument)); service != "other.amazonaws.com" && !strings.Contains(trust, `"`+service+`"`) {
			t.Errorf("%s trusts %s", name, trust)
		}
	}
	_, err := linked(s, "config.amazonaws.com")
	refused(t, err, "InvalidInput", "Service role name AWSServiceRoleForConfig has been taken in this account, please try a different suffix.")
	_, err = iam.NewFromConfig(s.master()).CreateServiceLinkedRole(ctx(), &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("config.amazonaws.com"), CustomSuffix: aws.String("x")})
	refused(t, err, "InvalidInput", "Custom suffix is not allowed for config.amazonaws.com")
}

// A service-linked role that a recorder uses can't be deleted: IAM takes the request, and the deletion fails later.
func TestServiceLinkedRoleInUse(t *testing.T) {
	t.Parallel()
	emulator := &linking{roles: map[string]url.Values{}}
	s := start(t, emulator.ServeHTTP, unhurried(nil))
	role, err := linked(s, "config.amazonaws.com")
	must(t, err)
	client, recorders := iam.NewFromConfig(s.master()), configservice.NewFromConfig(s.master())
	in := func(o *configservice.Options) { o.Region = "eu-west-1" }
	_, err = recorders.PutConfigurationRecorder(ctx(), &configservice.PutConfigurationRecorderInput{ConfigurationRecorder: &configtypes.ConfigurationRecorder{
		Name: aws.String("default"), RoleARN: role.Arn,
	}}, in)
	must(t, err)
	remove := func() *iam.GetServiceLinkedRoleDeletionStatusOutput {
		task, err := client.DeleteServiceLinkedRole(ctx(), &iam.DeleteServiceLinkedRoleInput{RoleName: role.RoleName})
		must(t, err)
		out, err := client.GetServiceLinkedRoleDeletionStatus(ctx(), &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: task.DeletionTaskId})
		must(t, err)
		return out
	}
	out := remove()
	if out.Status != types.DeletionTaskStatusTypeFailed || out.Reason == nil || len(out.Reason.RoleUsageList) != 1 {
		t.Fatalf("in use: %s, %+v", out.Status, out.Reason)
	}
	if use := out.Reason.RoleUsageList[0]; aws.ToString(use.Region) != "eu-west-1" || len(use.Resources) != 1 || use.Resources[0] != "arn:aws:config:eu-west-1:123456789012:configuration-recorder/default" {
		t.Errorf("it is used by %s in %s", use.Resources, aws.ToString(use.Region))
	}
	if _, err := client.GetRole(ctx(), &iam.GetRoleInput{RoleName: role.RoleName}); err != nil {
		t.Errorf("the role is gone: %v", err)
	}
	_, err = recorders.DeleteConfigurationRecorder(ctx(), &configservice.DeleteConfigurationRecorderInput{ConfigurationRecorderName: aws.String("default")}, in)
	must(t, err)
	if out := remove(); out.Status != types.DeletionTaskStatusTypeSucceeded {
		t.Errorf("free: %s", out.Status)
	}
	if _, err := client.GetRole(ctx(), &iam.GetRoleInput{RoleName: role.RoleName}); err == nil {
		t.Error("the role is still there")
	}
}

// A service-linked role that has just been created isn't known to its service yet, and needs no policy of its own.
func TestServiceLinkedRoleSpreads(t *testing.T) {
	t.Parallel()
	f := recorded(recorderRole)
	delete(f.roles, recorderRole)
	s := start(t, f.ServeHTTP, unhurried(nil))
	role, err := linked(s, "config.amazonaws.com")
	must(t, err)
	if role == nil || aws.ToString(role.Arn) != recorderRole {
		t.Fatalf("the role is %+v", role)
	}
	put := func() error {
		_, err := configservice.NewFromConfig(s.master()).PutDeliveryChannel(ctx(), &configservice.PutDeliveryChannelInput{
			DeliveryChannel: &configtypes.DeliveryChannel{Name: aws.String("default"), S3BucketName: aws.String("b")},
		})
		return err
	}
	refused(t, put(), "InsufficientDeliveryPolicyException", "unable to assume role: "+recorderRole+". (rehearsal: the role is")
	s.clock.Pass(limits.Published().Spreading.Takes + time.Second)
	must(t, put())
}
