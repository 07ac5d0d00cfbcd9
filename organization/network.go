package organization

import (
	"encoding/binary"
	"net/netip"
)

// NextNetwork returns the first network of AccountPrefix bits in the
// organization's address space that overlaps no declared one, and false if
// there is no room. It only proposes: a network is an account's once it stands
// in the file, so that no later change of the list can move it.
func (o *Organization) NextNetwork() (netip.Prefix, bool) {
	space, bits := o.Network.CIDR, o.Network.AccountPrefix
	if !space.IsValid() || !space.Addr().Is4() || bits < space.Bits() || bits > 32 {
		return netip.Prefix{}, false
	}
	first := uint64(toUint32(space.Masked().Addr()))
	end := first + 1<<(32-space.Bits())
	for next := first; next < end; {
		candidate := netip.PrefixFrom(fromUint32(uint32(next)), bits)
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

func toUint32(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func fromUint32(v uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], v)
	return netip.AddrFrom4(b)
}
