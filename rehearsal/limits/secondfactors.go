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

// secondFactors refuses what AWS refuses of MFA codes, and knows which sessions were got
// with one: moto takes any code of any device, or half of what belongs together. Whether a
// code of six digits is right isn't known here, but for one that was used before.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
type secondFactors struct {
	w *world

	mu sync.Mutex
	// sessions are those of sts:GetSessionToken, by their access key.
	sessions map[string]userSession
	used     map[string]bool // by device and code
}

// userSession is a session of a user, who has all the user's permissions.
type userSession struct {
	key   string    // the user's own
	shown time.Time // when the MFA code was shown; zero if none was
}

func newSecondFactors(w *world) *secondFactors {
	return &secondFactors{w: w, sessions: map[string]userSession{}, used: map[string]bool{}}
}

func (*secondFactors) Name() string { return "MFA" }

func (r *secondFactors) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	session, temporary := r.session(c.AccessKey)
	if temporary {
		// moto takes keys that it doesn't know for the management account's.
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

// wrong returns why a device's code can't be right.
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

// spent reports whether a code was used before. A code is good once.
func (r *secondFactors) spent(device, code string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := strconv.Atoi(code); err != nil || len(code) != 6 || r.used[device+" "+code] {
		return true
	}
	r.used[device+" "+code] = true
	return false
}

// learn notes the session that an answer hands out.
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

// keys are the condition keys about MFA of a call that assumes a role. A key of the user's
// own has none, unless the call shows a code.
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
