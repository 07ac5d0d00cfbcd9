package limits

import "strings"

// accountOf returns the account in an ARN.
func accountOf(arn string) string { return partOf(arn, 4) }

// regionOf returns the region in an ARN.
func regionOf(arn string) string { return partOf(arn, 3) }

func partOf(arn string, i int) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[i]
}

// roleName returns the name at the end of a role's ARN, or of a name with a path.
func roleName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
