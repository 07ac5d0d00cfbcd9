package pace

import (
	"fmt"
	"math"
	"os"
	"strconv"
)

// Variable is the environment variable with the pace of an emulator that has AWS's rates: the
// number of AWS's seconds that pass in one second.
const Variable = "COLDSTART_PACE"

// FromEnvironment returns the pace that Variable has in env, or in the environment of this
// process if env doesn't have Variable. It returns 0 if Variable is empty or not set, and an
// error if the value is no number or is negative.
func FromEnvironment(env map[string]string) (Pace, error) {
	text, set := env[Variable]
	if !set {
		text = os.Getenv(Variable)
	}
	if text == "" {
		return 0, nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || seconds < 0 || math.IsInf(seconds, 0) || math.IsNaN(seconds) {
		return 0, fmt.Errorf("%s=%s: write how many of AWS's seconds pass in one of the emulator's, such as 60, or unset it", Variable, text)
	}
	return Pace(seconds), nil
}
