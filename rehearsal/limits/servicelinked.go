package limits

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"slices"
	"sync"

	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// linkedNames are the names of service-linked roles by the service principal, where moto has another name than AWS.
// https://docs.aws.amazon.com/config/latest/developerguide/using-service-linked-roles.html
// https://docs.aws.amazon.com/inspector/latest/user/using-service-linked-roles.html
var linkedNames = map[string]string{
	configPrincipal:            "AWSServiceRoleForConfig",
	"inspector2.amazonaws.com": "AWSServiceRoleForAmazonInspector2",
}

// serviceLinked gives service-linked roles AWS's names, refuses a second role for a service, and keeps the role that a
// configuration recorder uses. moto makes the names up from the service principals, and deletes each role at once. The rule
// knows the recorders that were put through this proxy.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteServiceLinkedRole.html
type serviceLinked struct {
	w          *world
	identities *identities
	recorders  *recorders

	mu     sync.Mutex
	failed map[string][]recorderKey // the recorders that kept a role, by the id of the deletion's task
}

func newServiceLinked(w *world, i *identities, r *recorders) *serviceLinked {
	return &serviceLinked{w: w, identities: i, recorders: r, failed: map[string][]recorderKey{}}
}

func (*serviceLinked) Name() string { return "service-linked role" }

func (r *serviceLinked) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !c.Is("iam", "CreateServiceLinkedRole", "DeleteServiceLinkedRole", "GetServiceLinkedRoleDeletionStatus") {
		return next(c)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var a *proxy.Answer
	switch c.Action {
	case "CreateServiceLinkedRole":
		if service := c.Form.Get("AWSServiceName"); linkedNames[service] != "" {
			a = r.create(c, service, linkedNames[service])
		}
	case "DeleteServiceLinkedRole":
		a = r.remove(c)
	default:
		a = r.status(c.Form.Get("DeletionTaskId"))
	}
	if a == nil {
		return next(c)
	}
	return a
}

// create creates a role in the emulator by the name that AWS gives it. People report the texts of the refusals:
// https://github.com/lgallard/terraform-aws-elasticsearch/issues/5
// https://github.com/terraform-community-modules/tf_aws_elasticsearch/issues/23
func (r *serviceLinked) create(c *proxy.Call, service, name string) *proxy.Answer {
	refuse := func(message string) *proxy.Answer {
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "InvalidInput", Message: message})
	}
	ask := r.identities.asking(c.Context(), c.Caller.Account)
	var found struct{}
	switch {
	case c.Form.Get("CustomSuffix") != "":
		return refuse("Custom suffix is not allowed for " + service)
	case ask("GetRole", &found, "RoleName", name) == nil:
		return refuse("Service role name " + name + " has been taken in this account, please try a different suffix.")
	}
	trust, _ := json.Marshal(policy.Document{Statements: []policy.Statement{{ // It is always the same but for the service.
		Effect: policy.Allow, Principal: &policy.Principal{Service: policy.List{service}}, Action: policy.List{"sts:AssumeRole"},
	}}})
	var created struct {
		Role describedRole `xml:"CreateRoleResult>Role"`
	}
	more := []string{"RoleName", name, "Path", serviceRolePath + service + "/", "AssumeRolePolicyDocument", string(trust)}
	if description := c.Form.Get("Description"); description != "" {
		more = append(more, "Description", description)
	}
	if err := ask("CreateRole", &created, more...); err != nil {
		return r.w.Refuse(c, proxy.Problem{Status: http.StatusInternalServerError, Code: c.FailureCode(), Message: err.Error()})
	}
	return r.w.ReplyXML(struct {
		XMLName xml.Name      `xml:"CreateServiceLinkedRoleResponse"`
		Role    describedRole `xml:"CreateServiceLinkedRoleResult>Role"`
	}{Role: created.Role})
}

// describedRole is a role as the emulator's IAM describes it.
type describedRole struct {
	Members string `xml:",innerxml"`
}

// remove takes a request to delete a role that recorders use, whose task then fails; nil for every other role.
// https://docs.aws.amazon.com/config/latest/developerguide/using-service-linked-roles.html#delete-service-linked-role
func (r *serviceLinked) remove(c *proxy.Call) *proxy.Answer {
	name := c.Form.Get("RoleName")
	if name != linkedNames[configPrincipal] {
		return nil
	}
	path := serviceRolePath + configPrincipal + "/" + name
	used := r.recorders.using(c.Caller.Account, "arn:aws:iam::"+c.Caller.Account+":role"+path)
	if len(used) == 0 {
		return nil
	}
	task := "task" + path + "/" + r.w.RequestID()
	r.failed[task] = used
	return r.w.ReplyXML(struct {
		XMLName xml.Name `xml:"DeleteServiceLinkedRoleResponse"`
		Task    string   `xml:"DeleteServiceLinkedRoleResult>DeletionTaskId"`
	}{Task: task})
}

// roleUsage is where a service-linked role is used, as IAM says it.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleUsageType.html
type roleUsage struct {
	Region    string
	Resources []string `xml:"Resources>member"`
}

// status returns the status of a task that failed; nil for every other task.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLinkedRoleDeletionStatus.html
func (r *serviceLinked) status(task string) *proxy.Answer {
	used, failed := r.failed[task]
	if !failed {
		return nil
	}
	var usages []roleUsage
	for _, key := range used {
		usages = append(usages, roleUsage{key.region, []string{"arn:aws:config:" + key.region + ":" + key.account + ":configuration-recorder/" + key.name}})
	}
	slices.SortFunc(usages, func(a, b roleUsage) int { return cmp.Compare(a.Region, b.Region) })
	return r.w.ReplyXML(struct {
		XMLName xml.Name    `xml:"GetServiceLinkedRoleDeletionStatusResponse"`
		Status  string      `xml:"GetServiceLinkedRoleDeletionStatusResult>Status"`
		Reason  string      `xml:"GetServiceLinkedRoleDeletionStatusResult>Reason>Reason"`
		Usages  []roleUsage `xml:"GetServiceLinkedRoleDeletionStatusResult>Reason>RoleUsageList>member"`
	}{Status: "FAILED", Reason: "Configuration recorders use the role.", Usages: usages})
}
