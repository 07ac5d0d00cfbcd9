package faults

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Grammar explains the text of a plan to people, for help texts and errors.
const Grammar = `seed=7 (or seed=7/1200, in a cold start of about 1200 changes), call=120:KIND (the 120th call that changes something), read=300:KIND (the 300th that doesn't), every=50:KIND, action=iam:CreateRole:KIND, action=iam:CreateRole@3:KIND (its third call)`

// Parse reads a plan: faults, separated by commas. The error joins all problems of the text,
// each with what to write instead.
func Parse(text string) (Plan, error) {
	var plan Plan
	var errs []error
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		faults, err := parse(part)
		if err != nil {
			errs = append(errs, fmt.Errorf("%q: %w", part, err))
		}
		plan = append(plan, faults...)
	}
	return plan, errors.Join(errs...)
}

func parse(part string) (Plan, error) {
	at, value, ok := strings.Cut(part, "=")
	if !ok {
		return nil, errors.New("no fault: write " + Grammar)
	}
	if at == "seed" {
		return parseSeed(value)
	}
	i := strings.LastIndexByte(value, ':')
	if i < 0 {
		return nil, fmt.Errorf("what is to happen is missing: write %s:KIND, with one of %s", part, kinds())
	}
	f := Fault{}
	point := f.parsePoint(at, value[:i])
	return Plan{f}, errors.Join(point, f.parseKind(value[i+1:]))
}

func parseSeed(value string) (Plan, error) {
	number, size, sized := strings.Cut(value, "/")
	seed, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is no seed: write a whole number, such as seed=7", number)
	}
	changes := Changes
	if sized {
		if changes, err = strconv.Atoi(size); err != nil || changes < 1 {
			return nil, fmt.Errorf("%q is no number of calls: write one of 1 or more, such as seed=%s/1200", size, number)
		}
	}
	return FromSeed(seed, changes), nil
}

// actionPattern matches a service and its action, with or without the number of the call.
var actionPattern = regexp.MustCompile(`^([a-z0-9-]+:[A-Z][A-Za-z0-9]*)(?:@([1-9][0-9]*))?$`)

func (f *Fault) parsePoint(at, value string) error {
	numbers := map[string]*int{"call": &f.Call, "read": &f.Read, "every": &f.Every}
	if number := numbers[at]; number != nil {
		var err error
		if *number, err = strconv.Atoi(value); err != nil || *number < 1 {
			return fmt.Errorf("%q is no number of a call: write one of 1 or more, such as %s=50", value, at)
		}
		return nil
	}
	if at != "action" {
		return fmt.Errorf("%q is no point: write %s", at, Grammar)
	}
	match := actionPattern.FindStringSubmatch(value)
	if match == nil {
		return fmt.Errorf("%q is no action: write a service and its action, such as action=iam:CreateRole, or action=iam:CreateRole@3 for the third call", value)
	}
	f.Action, f.Number = match[1], 1
	if match[2] != "" {
		var err error
		if f.Number, err = strconv.Atoi(match[2]); err != nil {
			return fmt.Errorf("%q is no number of a call: write a smaller one", match[2])
		}
	}
	return nil
}

func (f *Fault) parseKind(value string) error {
	name, attempts, repeated := strings.Cut(value, "*")
	f.Kind, f.Attempts = Kind(name), 1
	if !slices.Contains(Kinds, f.Kind) {
		return fmt.Errorf("%q is no kind of fault: write one of %s", name, kinds())
	}
	if !repeated {
		return nil
	}
	if !f.Kind.repeats() {
		return fmt.Errorf("%s happens once to a call: leave *%s away", name, attempts)
	}
	var err error
	if f.Attempts, err = strconv.Atoi(attempts); err != nil || f.Attempts < 1 {
		return fmt.Errorf("%q is no number of attempts: write one of 1 or more, such as %s*%d", attempts, name, outlastingAttempts)
	}
	return nil
}

func kinds() string {
	names := make([]string, len(Kinds))
	for i, k := range Kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}
