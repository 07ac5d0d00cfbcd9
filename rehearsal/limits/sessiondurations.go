package limits

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// sessionDurations refuses to let anybody into a role for longer than the role lasts, and for longer than an hour who comes from another
// role. moto takes any duration.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
type sessionDurations struct{ w *world }

// always is the duration that every role allows, also to another role.
const always = time.Hour

func (sessionDurations) Name() string { return "session too long" }

func (r sessionDurations) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if c.Is("sts", "AssumeRole", "AssumeRoleWithWebIdentity") {
		if seconds, err := strconv.Atoi(c.Form.Get("DurationSeconds")); err == nil {
			if why := r.tooLong(c, time.Duration(seconds)*time.Second); why != "" {
				return r.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "ValidationError", Message: "The requested DurationSeconds exceeds the " + why})
			}
		}
	}
	return next(c)
}

// tooLong says what a duration is longer than; nothing if AWS takes it.
func (r sessionDurations) tooLong(c *proxy.Call, asked time.Duration) string {
	switch {
	case asked <= always:
		return ""
	case c.Caller.Role != "" && c.Action == "AssumeRole":
		return "1 hour session limit for roles assumed by role chaining."
	}
	var role struct {
		Seconds int `xml:"GetRoleResult>Role>MaxSessionDuration"`
	}
	arn := c.Form.Get("RoleArn")
	form := url.Values{"Action": {"GetRole"}, "Version": {"2010-05-08"}, "RoleName": {roleName(arn)}}
	if r.w.AskQuery(c.Context(), accountOf(arn), "iam", form, &role) == nil && asked > time.Duration(role.Seconds)*time.Second {
		return "MaxSessionDuration set for this role."
	}
	return ""
}
