package program

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/organization"
)

// places says which unit of AWS's each declared unit is. A unit is known by its place:
// by its name and by what it is in, since no two units have both in common.
type places struct {
	// ids are the units' ids, by key; a unit that is to be created has none.
	ids map[string]string
	// adopted are those of the ids that the stack's state doesn't have.
	adopted map[string]string
	// was are the keys that the state has units under, by the declared keys, where the
	// declaration has given a unit another key.
	was map[string]string
	// gone are the units that the stack has made and that this run deletes: their ids,
	// by the keys that they had.
	gone map[string]string
}

// placing finds the places of units.
type placing struct {
	org *organization.Organization
	// units are the ids of the last run's units by key, members the keys of the units
	// that the last run had the accounts in.
	units, members map[string]string
	// below asks AWS for the units in another one, or in the root: ids by name.
	below func(parentID string) (map[string]string, error)

	places
	errs []error
}

// place finds the places of all declared units. It refuses a change of names that AWS
// would refuse in the middle of an update.
func (p *placing) place(rootID string) (places, error) {
	p.places = places{ids: map[string]string{}, adopted: map[string]string{}, was: map[string]string{}, gone: map[string]string{}}
	for _, parent := range append([]string{""}, p.org.UnitNames()...) {
		id := rootID
		if parent != "" {
			id = p.ids[parent]
		}
		if err := p.placeIn(parent, id); err != nil {
			return p.places, err
		}
	}
	kept := slices.Collect(maps.Values(p.ids))
	for key, id := range p.units {
		if !slices.Contains(kept, id) {
			p.gone[key] = id
		}
	}
	return p.places, errors.Join(p.errs...)
}

// placeIn finds the places of the units in one parent; it has no id if it is created.
func (p *placing) placeIn(parent, parentID string) error {
	keys := slices.DeleteFunc(p.org.UnitNames(), func(key string) bool { return p.org.Units[key].Parent != parent })
	if parentID == "" || len(keys) == 0 {
		return nil
	}
	there, err := p.below(parentID)
	if err != nil {
		return err
	}
	ids := slices.Collect(maps.Values(there))
	var created []string
	for _, key := range keys {
		own, at := p.units[key], there[p.org.UnitName(key)]
		switch here := own != "" && slices.Contains(ids, own); {
		case here && (at == "" || at == own):
			p.ids[key] = own
		case at != "":
			p.take(key, at, here, there)
		case own == "":
			created = append(created, key)
		}
	}
	for _, key := range created {
		if err := p.rename(key, ids); err != nil {
			return err
		}
	}
	return nil
}

// take has a unit be the one that AWS has at its place, unless the state has that one
// as another unit. There are the ids of the units in the same parent by name.
func (p *placing) take(key, at string, here bool, there map[string]string) {
	holder := p.keyOf(at)
	_, declared := p.org.Units[holder]
	name := p.org.UnitName(key)
	switch {
	case holder == "" && !here:
		p.ids[key], p.adopted[key] = at, at
		// A first run that was broken off may have noted the unit under its name.
		if _, other := p.org.Units[name]; name != key && !other && p.units[name] == "" {
			p.was[key] = name
		}
	case holder == "":
		p.refuse(key, "%q is the name of another unit in the same parent, %s, which isn't declared: write another name", name, at)
	case !declared && p.units[key] == "":
		p.ids[key], p.was[key] = at, holder
	case declared && there[p.org.UnitName(holder)] != "" && there[p.org.UnitName(holder)] != at:
		p.refuse(key, "%q is the name of unit %s in AWS (%s), which is to get a name that is taken too: give unit %[2]s a name for the time being that no unit has, then unit %[4]s its new name, then unit %[2]s its own, and run `coldstart up master` after each", name, holder, at, key)
	case declared:
		p.refuse(key, "%q is the name of unit %s in AWS (%s) until an update has changed that unit: change unit %[2]s alone first, run `coldstart up master`, and then change unit %[4]s", name, holder, at, key)
	default:
		p.refuse(key, "%q is the name of unit %s in AWS (%s) until an update has deleted that unit: take unit %[2]s out alone first, run `coldstart up master`, and then change unit %[4]s", name, holder, at, key)
	}
}

func (p *placing) refuse(key, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("coldstart:units."+key+".name: "+format, args...))
}

// keyOf returns the key that the last run had a unit under.
func (p *placing) keyOf(id string) string {
	for _, key := range slices.Sorted(maps.Keys(p.units)) {
		if p.units[key] == id {
			return key
		}
	}
	return ""
}

// rename has a new unit be one that is no longer declared, if all that was in that one
// is now declared to be in the new one. AWS then gives it another name, and no account
// is moved. Among are the ids of the units in the same parent.
func (p *placing) rename(key string, among []string) error {
	for _, old := range slices.Sorted(maps.Keys(p.units)) {
		id := p.units[old]
		_, declared := p.org.Units[old]
		if declared || !slices.Contains(among, id) || slices.Contains(slices.Collect(maps.Values(p.ids)), id) {
			continue
		}
		follows, err := p.follows(old, key)
		if err != nil {
			return err
		}
		if follows {
			p.ids[key], p.was[key] = id, old
			return nil
		}
	}
	return nil
}

// follows reports whether the declared accounts and units of an old unit, of which there
// is one at least, are all in the new one.
func (p *placing) follows(old, key string) (bool, error) {
	below, err := p.below(p.units[old])
	if err != nil {
		return false, err
	}
	var in []string // The units that they are declared in.
	for account, unit := range p.members {
		if a, declared := p.org.Accounts[account]; declared && unit == old {
			in = append(in, a.Unit)
		}
	}
	for _, id := range below {
		if unit, declared := p.org.Units[p.keyOf(id)]; declared {
			in = append(in, unit.Parent)
		}
	}
	return len(in) > 0 && !slices.ContainsFunc(in, func(unit string) bool { return unit != key }), nil
}

// tagsOfNoAccount returns the tags for what belongs to the organization and to no
// account of it.
func tagsOfNoAccount(org *organization.Organization) map[string]string {
	all := org.TagsOf("")
	delete(all, "Account")
	return all
}

// declaredUnits returns the units, each after its parent. Was are the keys that the
// state has some of them under.
func declaredUnits(org *organization.Organization, was map[string]string) []accounts.Unit {
	var units []accounts.Unit
	for _, key := range org.UnitNames() {
		unit := org.Units[key]
		all := tagsOfNoAccount(org)
		maps.Copy(all, unit.Tags)
		units = append(units, accounts.Unit{Key: key, Name: org.UnitName(key), Parent: unit.Parent, Was: was[key], Tags: tags(all)})
	}
	return units
}
