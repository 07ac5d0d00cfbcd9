package limits

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// secondFactors refuses MFA codes that AWS refuses, and knows which sessions were created with an
// MFA code. moto accepts any code of any device, and a code without a device. This rule can't know
// the right code of a device, so it accepts any six digits that weren't used before.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
type secondFactors struct {
	w *world

	mu sync.Mutex
	// sessions are the sessions of sts:GetSessionToken, by access key.
	sessions map[string]userSession
	used     map[string]bool // by device and code
}

// userSession is a session of an IAM user, with all permissions of the user.
type userSession struct {
	key   string    // the user's own access key
	shown time.Time // when the user gave an MFA code; zero for a session without
}

func newSecondFactors(w *world) *secondFactors {
	return &secondFactors{w: w, sessions: map[string]userSession{}, used: map[string]bool{}}
}

func (*secondFactors) Name() string { return "MFA" }

func (r *secondFactors) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	session, temporary := r.session(c.AccessKey)
	if temporary {
		// moto doesn't know the session's key, and would take it for a key of the management
		// account. So moto gets the user's own key.
		c.Header = c.Header.Clone()
		c.Header.Set("Authorization", strings.Replace(c.Header.Get("Authorization"), "Credential="+c.AccessKey+"/", "Credential="+session.key+"/", 1))
	}
	if !c.Is("sts", "GetSessionToken", "AssumeRole") {
		return next(c)
	}
	if c.Action == "GetSessionToken" && (temporary || c.Caller.Role != "") {
		return r.w.Refuse(c, mfaDenied("Cannot call GetSessionToken with session credentials"))
	}
	device, code := c.Form.Get("SerialNumber"), c.Form.Get("TokenCode")
	if device == "" && code == "" {
		return r.learn(c, next(c), time.Time{})
	}
	if why := r.wrong(c, device, code); why != "" {
		return r.w.Refuse(c, mfaDenied("MultiFactorAuthentication failed, "+why))
	}
	if r.spent(device, code) {
		return r.w.Refuse(c, mfaDenied("MultiFactorAuthentication failed with invalid MFA one time pass code. "))
	}
	return r.learn(c, next(c), r.w.Local())
}

func mfaDenied(message string) proxy.Problem {
	return proxy.Problem{Status: http.StatusForbidden, Code: "AccessDenied", Message: message}
}

func (r *secondFactors) session(key string) (userSession, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.sessions[key]
	return s, ok
}

// wrong returns the message for a device and a code that can't be right together; empty if they
// can.
func (r *secondFactors) wrong(c *proxy.Call, device, code string) string {
	if device == "" || code == "" {
		return "must provide both MFA serial number and one time pass code. "
	}
	var out struct {
		Devices []string `xml:"ListMFADevicesResult>MFADevices>member>SerialNumber"`
	}
	_, user, isUser := strings.Cut(c.Caller.ARN, ":user/")
	form := url.Values{"Action": {"ListMFADevices"}, "Version": {"2010-05-08"}, "UserName": {user[strings.LastIndexByte(user, '/')+1:]}}
	if isUser && c.Caller.Role == "" && r.w.AskQuery(c.Context(), c.Caller.Account, "iam", form, &out) == nil {
		for _, own := range out.Devices {
			if own == device {
				return ""
			}
		}
	}
	return "unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user. "
}

// spent reports whether a code isn't six digits or was used before, and marks it as used. AWS
// accepts a code only once.
func (r *secondFactors) spent(device, code string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := strconv.Atoi(code); err != nil || len(code) != 6 || r.used[device+" "+code] {
		return true
	}
	r.used[device+" "+code] = true
	return false
}

// learn remembers the session that an answer of GetSessionToken has, and returns the answer.
func (r *secondFactors) learn(c *proxy.Call, a *proxy.Answer, shown time.Time) *proxy.Answer {
	var out struct {
		Key string `xml:"GetSessionTokenResult>Credentials>AccessKeyId"`
	}
	if c.Action == "GetSessionToken" && a.OK() && xml.Unmarshal(a.Body, &out) == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sessions[out.Key] = userSession{key: c.AccessKey, shown: shown}
	}
	return a
}

// keys returns the condition keys about MFA of a call that assumes a role. A call with a user's
// own access key has none of them, unless the call has an MFA code.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
func (r *secondFactors) keys(c *proxy.Call) map[string]string {
	session, temporary := r.session(c.AccessKey)
	age := time.Duration(0)
	switch {
	case c.Form.Get("TokenCode") != "":
	case temporary && !session.shown.IsZero():
		age = r.w.Local().Sub(session.shown)
	case temporary || c.Caller.Role != "":
		return map[string]string{"aws:multifactorauthpresent": "false"}
	default:
		return nil
	}
	return map[string]string{"aws:multifactorauthpresent": "true", "aws:multifactorauthage": strconv.Itoa(int(age.Seconds()))}
}
