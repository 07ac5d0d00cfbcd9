package github

import "testing"

func TestIs(t *testing.T) {
	t.Parallel()
	r := &Repository{CloneURL: "https://github.com/Acme/prod.acme.example.git", SSHURL: "git@github.com:Acme/prod.acme.example.git"}
	for address, want := range map[string]bool{
		"https://github.com/Acme/prod.acme.example.git":      true,
		"https://github.com/acme/prod.acme.example":          true,
		"https://github.com/acme/prod.acme.example/":         true,
		"git@github.com:acme/prod.acme.example.git":          true,
		"ssh://git@github.com/acme/prod.acme.example.git":    true,
		"https://github.com/acme/prod.acme.example.git.git":  false,
		"https://github.com/acme/staging.acme.example.git":   false,
		"https://github.com.evil/acme/prod.acme.example.git": false,
		"https://evil@github.com/acme/prod.acme.example.git": false,
		"git@github.com.evil:acme/prod.acme.example.git":     false,
		"":                           false,
		"/srv/prod.acme.example.git": false,
		"file:///https://github.com/acme/prod.acme.example.git": false,
	} {
		if got := r.Is(address); got != want {
			t.Errorf("%s: %t", address, got)
		}
	}
}
