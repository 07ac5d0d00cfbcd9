package organization

import (
	"encoding/binary"
	"net/netip"
)

// NetworkPlan is the organization's address space and who has which part of it,
// in CIDR notation.
type NetworkPlan struct {
	CIDR string `json:"cidr"`
	// Accounts are the accounts' networks by name; those without one are left out.
	Accounts map[string]string `json:"accounts"`
	// Next is free for the next account; empty if there is no room.
	Next string `json:"next,omitempty"`
}

// NetworkPlan returns the network plan.
func (o *Organization) NetworkPlan() NetworkPlan {
	plan := NetworkPlan{CIDR: o.Network.CIDR.String(), Accounts: map[string]string{}}
	for name, account := range o.Accounts {
		if account.Network.IsValid() {
			plan.Accounts[name] = account.Network.String()
		}
	}
	if next, ok := o.NextNetwork(); ok {
		plan.Next = next.String()
	}
	return plan
}

// NextNetwork returns the first network of AccountPrefix bits in the
// organization's address space that overlaps no declared one, and false if
// there is no room. It only proposes: a network is an account's once it stands
// in the file, so that no later change of the list can move it.
func (o *Organization) NextNetwork() (netip.Prefix, bool) {
	space, bits := o.Network.CIDR, o.Network.AccountPrefix
	if !space.IsValid() || !space.Addr().Is4() || bits < space.Bits() || bits > 32 {
		return netip.Prefix{}, false
	}
	// Uint64 holds the address behind 255.255.255.255, where the search ends.
	first := toNumber(space.Masked().Addr())
	end := first + 1<<(32-space.Bits())
	for next := first; next < end; {
		candidate := netip.PrefixFrom(toAddr(next), bits)
		taken, overlaps := o.overlapping(candidate)
		if !overlaps {
			return candidate, true
		}
		// Go on behind whichever ends later, aligned to the candidate's size.
		size := uint64(1) << (32 - min(bits, taken.Bits()))
		next = (next/size + 1) * size
	}
	return netip.Prefix{}, false
}

// overlapping returns a declared network that overlaps p.
func (o *Organization) overlapping(p netip.Prefix) (netip.Prefix, bool) {
	for _, a := range o.Accounts {
		if a.Network.IsValid() && a.Network.Overlaps(p) {
			return a.Network, true
		}
	}
	return netip.Prefix{}, false
}

func toNumber(a netip.Addr) uint64 {
	b := a.As4()
	return uint64(binary.BigEndian.Uint32(b[:]))
}

func toAddr(n uint64) netip.Addr {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	return netip.AddrFrom4([4]byte(b[4:]))
}
