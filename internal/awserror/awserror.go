// Package awserror knows what AWS's errors mean. One table (table.go) has each code, and each
// text where AWS gives no code of its own: whether it passes by itself, says that something
// exists already, or refuses, and what to do about it:
//
//	if awserror.Passes(text) { … } // Run again in a while.
//	if advice := awserror.Remedy(text); advice != "" { … }
//
// Functions that take a text are for what Pulumi's provider prints, which has AWS's code and
// message somewhere in it. Functions that take an error are for errors of the AWS SDK. An
// error that isn't in the table means nothing.
package awserror

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
)

// row is one of AWS's errors.
type row struct {
	// code is AWS's. In a text, a code that begins or ends with this one counts too.
	code string
	// says matches what AWS or its SDK writes, for rows without a code.
	says *regexp.Regexp
	// means are what the error says besides, and advice is what to do about it.
	means  meaning
	advice *advice
}

// meaning is a set of bits.
type meaning uint

const (
	// passes: it is over in a while, and the same call works then.
	passes meaning = 1 << iota
	// exists: there is one already.
	exists
	// refused: AWS said no, also later, so that nothing was made.
	refused
	// absent: there is none.
	absent
	// stays: waiting doesn't help who asks.
	stays
	// unauthorized: the caller may not ask.
	unauthorized
	// unknownKey: AWS doesn't know the access key, or another secret belongs to it.
	unknownKey
	// unused: the account has never used the service, and so has nothing in it.
	unused
)

// advice is what to do, and the document in which AWS says why.
type advice struct{ remedy, document string }

// in reports whether a text has the error.
func (r row) in(text string) bool {
	if r.says != nil {
		return r.says.MatchString(text)
	}
	return strings.Contains(text, r.code)
}

// anyIn reports whether a text has an error that means this.
func anyIn(text string, m meaning) bool {
	return slices.ContainsFunc(table, func(r row) bool { return r.means&m != 0 && r.in(text) })
}

// Passes reports whether a text has an error that passes by itself: of an account that is
// minutes old, of an AWS that is busy or broken for a moment, or of a connection that breaks.
func Passes(text string) bool { return anyIn(text, passes) }

// Exists reports whether a text has an error by which AWS says that something exists already.
// A bucket that exists and isn't owned by the account is somebody else's, and doesn't count.
func Exists(text string) bool { return anyIn(text, exists) }

// Refused reports whether a text has the error of a call to which AWS said no.
func Refused(text string) bool { return anyIn(text, refused) }

// Unused reports whether a text has the error of a service that the account has never used.
func Unused(text string) bool { return anyIn(text, unused) }

// Remedy returns what to do about the error in a text, with AWS's document about it; empty if
// nobody knows.
func Remedy(text string) string {
	for _, r := range table {
		if r.advice != nil && r.in(text) {
			return r.advice.remedy + " (" + r.advice.document + ")"
		}
	}
	return ""
}

// Is reports whether an error is AWS's with the code.
func Is(err error, code string) bool {
	api := smithy.APIError(nil)
	return errors.As(err, &api) && api.ErrorCode() == code
}

// isAny reports whether an error is AWS's with a code that means this.
func isAny(err error, m meaning) bool {
	return slices.ContainsFunc(table, func(r row) bool { return r.means&m != 0 && r.code != "" && Is(err, r.code) })
}

// Absent reports whether AWS says that what was asked for doesn't exist.
func Absent(err error) bool { return isAny(err, absent) }

// Unauthorized reports whether AWS says that the caller may not ask.
func Unauthorized(err error) bool { return isAny(err, unauthorized) }

// UnknownKey reports whether AWS doesn't know the access key.
func UnknownKey(err error) bool { return isAny(err, unknownKey) }

var (
	// entered matches what AWS writes to a caller who was let in by a role whose own policy
	// AWS doesn't know yet.
	entered = regexp.MustCompile(`:assumed-role/.* is not authorized to perform: .* because no identity-based policy allows`)
	// entering matches the call that lets somebody in: the policies of the caller decide
	// about that call.
	entering = regexp.MustCompile(`to perform: sts:AssumeRole`)
)

// Stays reports whether waiting doesn't help: a policy, the credentials or the clock of the
// caller are wrong.
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

// Said returns AWS's code and message, without where the SDK heard them. Of an error that
// isn't AWS's it returns the text.
func Said(err error) string {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}

// Answer returns the operation that AWS refused, and AWS's code and message, without ids of
// requests; empty for an error that isn't AWS's.
func Answer(err error) string {
	operation, api := (*smithy.OperationError)(nil), smithy.APIError(nil)
	if !errors.As(err, &operation) || !errors.As(err, &api) {
		return ""
	}
	return operation.OperationName + ": " + Said(api)
}
