package limits

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// identityTokens refuses tokens of identity providers that AWS doesn't accept: a token that can't
// be read, has expired, or has the wrong issuer or audience. moto accepts any text as a token.
// Whether a role's trust policy allows the token is the concern of the rule entries.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
type identityTokens struct{ w *world }

func (identityTokens) Name() string { return "identity token not valid" }

func (r identityTokens) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !c.Is("sts", "AssumeRoleWithWebIdentity") {
		return next(c)
	}
	if p, refused := r.check(c); refused {
		return r.w.Refuse(c, p)
	}
	return next(c)
}

func (r identityTokens) check(c *proxy.Call) (proxy.Problem, bool) {
	invalid := func(message string) (proxy.Problem, bool) {
		return proxy.Problem{Status: http.StatusBadRequest, Code: "InvalidIdentityToken", Message: message}, true
	}
	token, err := parseIdentityToken(c.Form.Get("WebIdentityToken"))
	if err != nil {
		return invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	if now := r.w.Local().Unix(); now >= token.Expires {
		return proxy.Problem{
			Status: http.StatusBadRequest, Code: "ExpiredTokenException",
			Message: "Token expired: current date/time " + strconv.FormatInt(now, 10) + " must be before the expiration date/time" + strconv.FormatInt(token.Expires, 10),
		}, true
	}
	var provider struct {
		Clients []string `xml:"GetOpenIDConnectProviderResult>ClientIDList>member"`
	}
	account := accountOf(c.Form.Get("RoleArn"))
	form := url.Values{"Action": {"GetOpenIDConnectProvider"}, "Version": {"2010-05-08"}, "OpenIDConnectProviderArn": {token.provider(account)}}
	if r.w.AskQuery(c.Context(), account, "iam", form, &provider) != nil {
		return invalid("No OpenIDConnect provider found in your account for " + token.Issuer)
	}
	if !slices.ContainsFunc(token.Audience, func(a string) bool { return slices.Contains(provider.Clients, a) }) {
		return invalid("Incorrect token audience")
	}
	return proxy.Problem{}, false
}

// identityToken has the claims of an identity provider's token. The rule doesn't check the token's
// signature.
type identityToken struct {
	Issuer   string      `json:"iss"`
	Subject  string      `json:"sub"`
	Audience policy.List `json:"aud"`
	Expires  int64       `json:"exp"`
}

func parseIdentityToken(text string) (identityToken, error) {
	var token identityToken
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return token, errors.New("a token has three parts")
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return token, err
	}
	err = json.Unmarshal(claims, &token)
	return token, err
}

// issuer returns the provider's name in ARNs and in condition keys.
func (t identityToken) issuer() string { return strings.TrimPrefix(t.Issuer, "https://") }

// provider returns the ARN of the token's identity provider in an account.
func (t identityToken) provider(account string) string {
	return "arn:aws:iam::" + account + ":oidc-provider/" + t.issuer()
}

// keys returns the condition keys that a trust policy can use. Names of keys are in lower case.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
func (t identityToken) keys() map[string]string {
	prefix := strings.ToLower(t.issuer())
	keys := map[string]string{prefix + ":sub": t.Subject}
	if len(t.Audience) > 0 {
		keys[prefix+":aud"] = t.Audience[0]
	}
	return keys
}
