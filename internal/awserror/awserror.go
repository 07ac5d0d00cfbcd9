// Package awserror knows what AWS's errors mean. One table (table.go) has a row for each error
// code, and for each text where AWS has no code of its own. A row says whether the error passes
// by itself, means that something exists already, or is a refusal, and what to do:
//
//	if awserror.Passes(text) { … } // Run again in a while.
//	if advice := awserror.Remedy(text); advice != "" { … }
//
// Functions that take a text are for the output of Pulumi's provider, which has AWS's code and
// message somewhere in it. Functions that take an error are for errors of the AWS SDK. For an
// error that isn't in the table, the functions that ask for a meaning return false, and Remedy
// returns "".
package awserror

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
)

// row is one of AWS's errors. A row has either code or says.
type row struct {
	// code is AWS's error code. It must equal the whole code of an SDK's error. In a text, a
	// longer word that contains it counts, too.
	code string
	// says matches the message of AWS or of the SDK, for rows without a code.
	says *regexp.Regexp
	// means is what the error means, and advice is what to do.
	means  meaning
	advice *advice
}

// meaning is a set of meanings, one bit each.
type meaning uint

const (
	// passes: the same call works in a while.
	passes meaning = 1 << iota
	// exists: the resource exists already.
	exists
	// refused: AWS has refused the call, at once or later, so the call has created nothing.
	refused
	// absent: the resource doesn't exist.
	absent
	// stays: waiting doesn't help the caller.
	stays
	// unauthorized: the caller doesn't have the permission.
	unauthorized
	// unknownKey: AWS doesn't know the access key, or the secret doesn't belong to it.
	unknownKey
	// unused: the account has never used the service, so it has nothing in the service.
	unused
)

// advice is what to do, and the AWS document with the reason.
type advice struct{ remedy, document string }

// in reports whether a text has the row's error.
func (r row) in(text string) bool {
	if r.says != nil {
		return r.says.MatchString(text)
	}
	return strings.Contains(text, r.code)
}

// anyIn reports whether a text has an error with this meaning.
func anyIn(text string, m meaning) bool {
	return slices.ContainsFunc(table, func(r row) bool { return r.means&m != 0 && r.in(text) })
}

// Passes reports whether a text has an error that passes by itself: because an account is
// minutes old, because AWS is busy or broken for a moment, or because a connection broke.
func Passes(text string) bool { return anyIn(text, passes) }

// Exists reports whether a text has an error by which AWS says that something exists already. A
// bucket that another account owns doesn't count.
func Exists(text string) bool { return anyIn(text, exists) }

// Refused reports whether a text has the error of a call that AWS refused.
func Refused(text string) bool { return anyIn(text, refused) }

// Unused reports whether a text has the error of a service that the account has never used.
func Unused(text string) bool { return anyIn(text, unused) }

// Remedy returns what to do about the error in a text, with the address of AWS's document;
// empty if the table has no advice.
func Remedy(text string) string {
	for _, r := range table {
		if r.advice != nil && r.in(text) {
			return r.advice.remedy + " (" + r.advice.document + ")"
		}
	}
	return ""
}

// Is reports whether an error of the AWS SDK has the code.
func Is(err error, code string) bool {
	api := smithy.APIError(nil)
	return errors.As(err, &api) && api.ErrorCode() == code
}

// isAny reports whether an error of the AWS SDK has a code with this meaning.
func isAny(err error, m meaning) bool {
	return slices.ContainsFunc(table, func(r row) bool { return r.means&m != 0 && r.code != "" && Is(err, r.code) })
}

// Absent reports whether AWS says that the requested resource doesn't exist.
func Absent(err error) bool { return isAny(err, absent) }

// Unauthorized reports whether AWS says that the caller doesn't have the permission.
func Unauthorized(err error) bool { return isAny(err, unauthorized) }

// UnknownKey reports whether AWS doesn't know the access key.
func UnknownKey(err error) bool { return isAny(err, unknownKey) }

// MacieOff reports whether an error says that Amazon Macie isn't on in the account and region. Macie has no code of its own for that.
// https://docs.aws.amazon.com/macie/latest/APIReference/macie.html
func MacieOff(err error) bool {
	api := smithy.APIError(nil)
	return errors.As(err, &api) && strings.Contains(api.ErrorMessage(), "Macie is not enabled")
}

var (
	// entered matches AWS's message to a session of a role whose identity-based policy doesn't
	// allow the call. If the role is new, AWS may not know its policy yet.
	entered = regexp.MustCompile(`:assumed-role/.* is not authorized to perform: .* because no identity-based policy allows`)
	// entering matches the message about the call that assumes a role. The caller's own
	// policies decide about that call.
	entering = regexp.MustCompile(`to perform: sts:AssumeRole`)
)

// Stays reports whether waiting doesn't help: a policy denies the call, or the caller's
// credentials or clock are wrong.
func Stays(err error) bool {
	api := smithy.APIError(nil)
	if !errors.As(err, &api) {
		return false
	}
	message := api.ErrorMessage()
	if entered.MatchString(message) && !entering.MatchString(message) {
		return false
	}
	return isAny(err, stays) || slices.ContainsFunc(table, func(r row) bool {
		return r.means&stays != 0 && r.says != nil && r.says.MatchString(message)
	})
}

// Said returns AWS's code and message, without the SDK's details of the request. For an error
// that isn't AWS's, it returns the error's text.
func Said(err error) string {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}

// Answer returns the operation that failed, and AWS's code and message, without request ids;
// empty for an error that isn't AWS's.
func Answer(err error) string {
	operation, api := (*smithy.OperationError)(nil), smithy.APIError(nil)
	if !errors.As(err, &operation) || !errors.As(err, &api) {
		return ""
	}
	return operation.OperationName + ": " + Said(api)
}
