package pace

import (
	"fmt"
	"math"
	"os"
	"strconv"
)

// Variable is the variable of the environment that says how many of AWS's seconds
// pass in one of an emulator's that has AWS's rates.
const Variable = "COLDSTART_PACE"

// FromEnvironment returns what Variable says, where env doesn't say otherwise; 0 if
// nothing does.
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
