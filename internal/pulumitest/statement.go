package pulumitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// statement is one statement of a document.
type statement struct {
	Sid                   string
	Effect                string
	Principal             json.RawMessage
	Action, NotAction     list
	Resource, NotResource list
	Condition             map[string]map[string]list
}

// list is a list in the only form that documents of this project have: one
// element is written by itself, which confuses no tool that reads policies.
type list []string

func (l *list) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("[")) {
		err := json.Unmarshal(data, (*[]string)(l))
		if err == nil && len(*l) == 1 {
			err = fmt.Errorf("a list of one: %s", data)
		}
		return err
	}
	*l = make(list, 1)
	return json.Unmarshal(data, &(*l)[0])
}

// principal is who a statement speaks of, unless that is everyone.
type principal struct {
	AWS       list
	Service   string
	Federated string
}

var (
	sidPattern    = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	actionPattern = regexp.MustCompile(`^[a-z0-9-]+:[A-Za-z0-9*?]+$`)
	// What ARNs of principals in one account start with, so that a wildcard
	// behind it doesn't leave the account.
	inOneAccount = regexp.MustCompile(`^arn:aws:(iam|sts)::[0-9]{12}:`)
	oidcProvider = regexp.MustCompile(`^arn:aws:iam::[0-9]{12}:oidc-provider/([a-z0-9./-]+)$`)
)

func (s statement) check(k kind) error {
	var errs []error
	add := func(text string, args ...any) { errs = append(errs, fmt.Errorf(text, args...)) }
	if optional := k.guardrail && s.Sid == ""; !optional && !sidPattern.MatchString(s.Sid) {
		add("a Sid is letters and digits")
	}
	if s.Effect != "Allow" && s.Effect != "Deny" {
		add("effect %q", s.Effect)
	}
	if (len(s.Action) > 0) == (len(s.NotAction) > 0) {
		add("actions %q and not %q", s.Action, s.NotAction)
	}
	for _, a := range slices.Concat(s.Action, s.NotAction) {
		all := a == "*" && k.guardrail && s.Effect == "Deny" && len(s.NotAction) == 0
		if !all && !actionPattern.MatchString(a) {
			add("actions: %q", a)
		}
	}
	some, others := len(s.Resource) > 0, len(s.NotResource) > 0
	if k.resource && some == others || !k.resource && (some || others) {
		add("resources %q and not %q", s.Resource, s.NotResource)
	}
	if slices.Contains(slices.Concat(s.Resource, s.NotResource), "") {
		add("resources: an empty one")
	}
	if k.grants && s.passesAnyRole() {
		add("lets iam:PassRole on any role")
	}
	if (s.Principal != nil) != k.principal {
		add("principal %s", s.Principal)
	}
	errs = append(errs, s.checkConditions(k))
	if s.Principal != nil {
		errs = append(errs, s.checkPrincipal(k))
	}
	return errors.Join(errs...)
}

// checkConditions checks that conditions have values, and that those of a trust
// policy name whom they let in.
func (s statement) checkConditions(k kind) error {
	var errs []error
	for operator, keys := range s.Condition {
		if len(keys) == 0 {
			errs = append(errs, fmt.Errorf("condition %s has no key", operator))
		}
		for key, values := range keys {
			if len(values) == 0 || slices.Contains(values, "") {
				errs = append(errs, fmt.Errorf("condition %s %s has no value", operator, key))
			}
			for _, v := range values {
				inAccount := operator == "ArnLike" && inOneAccount.MatchString(v)
				if k.trust() && strings.ContainsAny(v, "*?") && !inAccount {
					errs = append(errs, fmt.Errorf("wildcard in trust: %s %s %q", operator, key, v))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// checkPrincipal checks who is let in, and on what condition.
func (s statement) checkPrincipal(k kind) error {
	if bytes.Equal(s.Principal, []byte(`"*"`)) {
		if s.Effect == "Allow" || k.trust() {
			return errors.New("allows everyone")
		}
		return nil
	}
	var p principal
	decoder := json.NewDecoder(bytes.NewReader(s.Principal))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return fmt.Errorf("principal %s: %w", s.Principal, err)
	}
	var errs []error
	if len(p.AWS) == 0 && p.Service == "" && p.Federated == "" {
		errs = append(errs, errors.New("empty principal"))
	}
	for _, arn := range p.AWS {
		if !strings.HasPrefix(arn, "arn:aws:iam::") || strings.ContainsAny(arn, "*?") {
			errs = append(errs, fmt.Errorf("principal %q", arn))
		}
	}
	if strings.ContainsAny(p.Service, "*?") {
		errs = append(errs, fmt.Errorf("principal %q", p.Service))
	}
	if only := k.unconditioned; only.service != "" && p.Service == only.service && len(p.AWS) == 0 && p.Federated == "" && slices.Equal(s.Action, []string{only.action}) {
		return errors.Join(errs...)
	}
	if s.Effect == "Allow" && p.Service != "" && !s.conditionOn("aws:SourceOrgID", "aws:SourceAccount", "aws:SourceArn") {
		errs = append(errs, fmt.Errorf("lets %s in on anyone's behalf", p.Service))
	}
	if k.trust() {
		errs = append(errs, s.checkTrust(p))
	} else if p.Federated != "" {
		errs = append(errs, fmt.Errorf("principal %q outside of trust", p.Federated))
	}
	return errors.Join(errs...)
}

// checkTrust checks what a trust policy lets a principal do, and on what
// condition.
func (s statement) checkTrust(p principal) error {
	want := "sts:AssumeRole"
	if p.Federated != "" {
		want = "sts:AssumeRoleWithWebIdentity"
	}
	var errs []error
	if !slices.Equal(s.Action, []string{want}) {
		errs = append(errs, fmt.Errorf("trust in %q to do %q, not %s", s.Principal, s.Action, want))
	}
	if s.Effect == "Allow" && !s.conditionOn() {
		errs = append(errs, errors.New("trusts without a condition"))
	}
	if p.Federated == "" {
		return errors.Join(errs...)
	}
	issuer := oidcProvider.FindStringSubmatch(p.Federated)
	if issuer == nil || len(p.AWS) > 0 || p.Service != "" {
		return errors.Join(append(errs, fmt.Errorf("principal %s", s.Principal))...)
	}
	for _, key := range []string{issuer[1] + ":aud", issuer[1] + ":sub"} {
		if len(s.Condition["StringEquals"][key]) == 0 {
			errs = append(errs, fmt.Errorf("lets %s in without StringEquals on %s", issuer[1], key))
		}
	}
	return errors.Join(errs...)
}

// conditionOn reports whether a condition that must hold has one of the keys,
// or any key if there are none. A negated operator, or one that holds without
// the key, doesn't count.
func (s statement) conditionOn(keys ...string) bool {
	for operator, conditions := range s.Condition {
		if operator == "Null" || strings.Contains(operator, "Not") || strings.HasSuffix(operator, "IfExists") || strings.HasPrefix(operator, "ForAllValues:") {
			continue
		}
		for key := range conditions {
			if len(keys) == 0 || slices.Contains(keys, key) {
				return true
			}
		}
	}
	return false
}

// passesAnyRole reports whether a statement lets a service be given any role of
// an account's, and so do what the mightiest of them may.
func (s statement) passesAnyRole() bool {
	passes := func(action string) bool { return like(strings.ToLower(action), "iam:passrole") }
	covered := slices.ContainsFunc(s.Action, passes) || len(s.NotAction) > 0 && !slices.ContainsFunc(s.NotAction, passes)
	return s.Effect == "Allow" && covered && (len(s.NotResource) > 0 || slices.ContainsFunc(s.Resource, anyRole))
}

// anyRole reports whether a resource stands for roles that have nothing in
// common.
func anyRole(resource string) bool {
	account := "123456789012"
	if parts := strings.SplitN(resource, ":", 6); len(parts) == 6 && !strings.ContainsAny(parts[4], "*?") {
		account = parts[4]
	}
	arn := "arn:aws:iam::" + account + ":role/"
	return like(resource, arn+"x7q") && like(resource, arn+"service-role/K2-w")
}

// like reports whether IAM's pattern matches a text.
func like(pattern, text string) bool {
	quoted := regexp.QuoteMeta(pattern)
	quoted = strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(quoted)
	return regexp.MustCompile("^" + quoted + "$").MatchString(text)
}
