package automation

import "testing"

// The backend of a project in a folder that a URL means something else by.
func TestBackendIsTheProjects(t *testing.T) {
	for name, c := range map[string]struct {
		backend, variable, declared, want string
	}{
		"option":           {"file://./x", "file:///srv/state", "file:///d", "file:///work/a%252Fb%20%23/x"},
		"variable":         {"", "file://./x", "file:///d", "file:///work/a%252Fb%20%23/x"},
		"declared":         {"", "", "file://x?metadata=skip", "file:///work/a%252Fb%20%23/x?metadata=skip"},
		"the folder":       {"file://", "", "", "file:///work/a%252Fb%20%23"},
		"absolute":         {"", "file:///srv/a%20b", "", "file:///srv/a%20b"},
		"bucket":           {"s3://b?region=r", "", "file://x", "s3://b?region=r"},
		"bucket, variable": {"", "s3://b", "file://x", ""}, // Pulumi reads the variable itself.
		"login":            {"", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(backendVariable, c.variable)
			o := Options{Dir: "/work/a%2Fb #", Backend: c.backend, Env: map[string]string{}}
			if err := o.setBackend(c.declared); err != nil || o.Env[backendVariable] != c.want {
				t.Errorf("%q, %v", o.Env[backendVariable], err)
			}
		})
	}
	o := Options{Dir: "/work", Backend: "file:///srv/50%", Env: map[string]string{}}
	if err := o.setBackend(""); err == nil {
		t.Errorf("a URL that is none: %q", o.Env[backendVariable])
	}
}
