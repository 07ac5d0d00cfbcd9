package limits

import "github.com/coldstart-aws/coldstart/internal/awslimits"

// Numbers has the numbers that the rules enforce: quotas, sizes, durations and rates, each with
// its source and date.
type Numbers = awslimits.Numbers

// Published returns the numbers that AWS publishes. The caller may change them and use them as
// Options.Numbers.
func Published() Numbers { return awslimits.Published() }
