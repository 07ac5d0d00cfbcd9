package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/doctor"
	"github.com/coldstart-aws/coldstart/internal/golden"
)

func TestFindings(t *testing.T) {
	t.Parallel()
	findings := []doctor.Finding{
		{Topic: "toolchain", Check: "Pulumi CLI", Status: doctor.OK, Found: "/bin/pulumi, version 3.259.0"},
		{Topic: "backend", Check: "lock of prod", Status: doctor.Warning, Found: "ada@here (process 7) holds it; that process is gone", Remedy: "nothing"},
		{Topic: "AWS", Check: "credentials", Status: doctor.Failure, Found: "there are none", Remedy: "sign in"},
		{Topic: "organization", Check: "organization", Status: doctor.Skipped, Found: "not looked at, because there is no answer about credentials"},
		{Topic: "DNS", Check: "délégation", Status: doctor.OK, Found: "a%sb"},
	}
	var plain, styled bytes.Buffer
	writeFindings(&plain, findings, false)
	golden.Check(t, "doctor.txt", plain.String())
	writeFindings(&styled, findings, true)
	golden.Check(t, "doctor-terminal.txt", styled.String())
	var well bytes.Buffer
	writeFindings(&well, findings[:2], false)
	if want := "1 ok, 1 warnings, 0 failures. Next: coldstart preview, then coldstart up\n"; !strings.HasSuffix(well.String(), want) {
		t.Errorf("%q isn't at the end of:\n%s", want, well.String())
	}
}
