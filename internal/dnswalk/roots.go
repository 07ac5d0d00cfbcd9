package dnswalk

import "net/netip"

// rootServers are where every name starts, a to m.
// https://www.internic.net/domain/named.root of 18 April 2024; the last change
// before that was in November 2023, and an address that is given up answers on
// for a year and more. One that answers is enough.
var rootServers = []netip.Addr{
	netip.MustParseAddr("198.41.0.4"), netip.MustParseAddr("2001:503:ba3e::2:30"),
	netip.MustParseAddr("170.247.170.2"), netip.MustParseAddr("2801:1b8:10::b"),
	netip.MustParseAddr("192.33.4.12"), netip.MustParseAddr("2001:500:2::c"),
	netip.MustParseAddr("199.7.91.13"), netip.MustParseAddr("2001:500:2d::d"),
	netip.MustParseAddr("192.203.230.10"), netip.MustParseAddr("2001:500:a8::e"),
	netip.MustParseAddr("192.5.5.241"), netip.MustParseAddr("2001:500:2f::f"),
	netip.MustParseAddr("192.112.36.4"), netip.MustParseAddr("2001:500:12::d0d"),
	netip.MustParseAddr("198.97.190.53"), netip.MustParseAddr("2001:500:1::53"),
	netip.MustParseAddr("192.36.148.17"), netip.MustParseAddr("2001:7fe::53"),
	netip.MustParseAddr("192.58.128.30"), netip.MustParseAddr("2001:503:c27::2:30"),
	netip.MustParseAddr("193.0.14.129"), netip.MustParseAddr("2001:7fd::1"),
	netip.MustParseAddr("199.7.83.42"), netip.MustParseAddr("2001:500:9f::42"),
	netip.MustParseAddr("202.12.27.33"), netip.MustParseAddr("2001:dc3::35"),
}
