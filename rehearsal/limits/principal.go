package limits

import (
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// principal returns a caller as policies know it.
func principal(p proxy.Principal) authorization.Principal {
	switch {
	case p.Account == "":
		return authorization.Principal{Type: authorization.Anonymous}
	case p.Role != "":
		session := p.ARN[strings.LastIndexByte(p.ARN, '/')+1:]
		return authorization.Principal{Type: authorization.Role, Account: p.Account, ARN: p.Role, Session: session}
	case strings.Contains(p.ARN, ":user/"):
		return authorization.Principal{Type: authorization.User, Account: p.Account, ARN: p.ARN}
	}
	return authorization.Principal{Type: authorization.Root, Account: p.Account}
}
