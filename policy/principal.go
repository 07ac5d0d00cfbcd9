package policy

// Principal is who a statement of a resource's policy or of a trust policy is about.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
type Principal struct {
	// Everyone is the principal "*". The other fields are empty then.
	Everyone bool
	// AWS are account ids, and ARNs of accounts, users, roles and sessions.
	AWS List
	// Service are service principals, such as cloudtrail.amazonaws.com.
	Service List
	// Federated are ARNs of identity providers.
	Federated List
	// CanonicalUser are S3's canonical ids of accounts.
	CanonicalUser List
}

// byKind are principals by their kind, as IAM's grammar has them.
type byKind struct {
	AWS           List `json:"AWS,omitempty"`
	CanonicalUser List `json:"CanonicalUser,omitempty"`
	Federated     List `json:"Federated,omitempty"`
	Service       List `json:"Service,omitempty"`
}

// MarshalJSON writes the forms that IAM's grammar has for principals.
func (p Principal) MarshalJSON() ([]byte, error) {
	if p.Everyone {
		return []byte(`"*"`), nil
	}
	return marshal(byKind{p.AWS, p.CanonicalUser, p.Federated, p.Service})
}

// UnmarshalJSON reads the forms that IAM's grammar has for principals.
func (p *Principal) UnmarshalJSON(data []byte) error {
	if string(data) == `"*"` {
		*p = Principal{Everyone: true}
		return nil
	}
	var read byKind
	if err := unmarshal(data, &read); err != nil {
		return err
	}
	*p = Principal{AWS: read.AWS, CanonicalUser: read.CanonicalUser, Federated: read.Federated, Service: read.Service}
	return nil
}
