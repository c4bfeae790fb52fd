package airflowtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// listPools lists the pools by name.
func (a *Airflow) listPools(r *http.Request) (answer, error) {
	q, err := a.query(r, "limit", "offset", "order_by")
	if err != nil {
		return answer{}, err
	}
	p, err := a.pageOf(q)
	if err != nil {
		return answer{}, err
	}
	return collection("pools", a.poolsByName(), p, poolRow), nil
}

// created is the status of a row that was made.
func (a *Airflow) created() int {
	if a.isV2 {
		return http.StatusCreated
	}
	return http.StatusOK
}

// poolBody is the form of a pool, of both versions. A patch of Airflow 3 calls the name "pool".
type poolBody struct {
	Name        *string `json:"name"`
	Pool        *string `json:"pool"`
	Slots       *int    `json:"slots"`
	Description *string `json:"description"`
	Deferred    *bool   `json:"include_deferred"`
}

func (a *Airflow) makePool(r *http.Request) (answer, error) {
	var body poolBody
	if err := a.readBody(r, &body); err != nil {
		return answer{}, err
	}
	switch {
	case body.Name == nil || body.Slots == nil:
		if a.isV2 {
			return answer{}, invalid("missing", "Field required", "body", "slots")
		}
		return answer{}, badRequest("Missing required property(ies): ['slots']")
	case a.pools[*body.Name] != nil && a.isV2:
		return answer{}, &refusal{status: http.StatusConflict, detail: row{"reason": "Unique constraint violation", "statement": "hidden", "orig_error": "hidden"}}
	case a.pools[*body.Name] != nil:
		return answer{}, conflict("Pool: %s already exists", *body.Name)
	}
	description := ""
	if body.Description != nil {
		description = *body.Description
	}
	p := a.setPool(*body.Name, *body.Slots, description)
	p.includeDeferred = body.Deferred != nil && *body.Deferred
	return answer{status: a.created(), body: poolRow(p)}, nil
}

func (a *Airflow) poolOf(r *http.Request) (*pool, error) {
	name := r.PathValue("pool")
	if p := a.pools[name]; p != nil {
		return p, nil
	}
	if a.isV2 {
		return nil, notFound(fmt.Sprintf("The Pool with name: `%s` was not found", name))
	}
	return nil, notFound(fmt.Sprintf("Pool with name:'%s' not found", name))
}

func (a *Airflow) readPool(r *http.Request) (answer, error) {
	p, err := a.poolOf(r)
	if err != nil {
		return answer{}, err
	}
	return answer{body: poolRow(p)}, nil
}

// patchPool changes the members of the mask, or all. Airflow 3.2 and later want the whole pool whatever the mask
// says, except for the default pool.
func (a *Airflow) patchPool(r *http.Request) (answer, error) {
	p, err := a.poolOf(r)
	if err != nil {
		return answer{}, err
	}
	var body poolBody
	if err := a.readBody(r, &body); err != nil {
		return answer{}, err
	}
	mask := maskOf(r)
	if err := a.checkPool(p, body, mask); err != nil {
		return answer{}, err
	}
	slots, description := p.slots, p.description
	if among(mask, "slots") && body.Slots != nil {
		slots = *body.Slots
	}
	if among(mask, "description") && body.Description != nil {
		description = *body.Description
	}
	if among(mask, "include_deferred") && body.Deferred != nil {
		p.includeDeferred = *body.Deferred
	}
	return answer{body: poolRow(a.setPool(p.name, slots, description))}, nil
}

// checkPool refuses a patch that the version refuses.
func (a *Airflow) checkPool(p *pool, body poolBody, mask []string) error {
	if p.name == defaultPool {
		return a.checkDefaultPool(body, mask)
	}
	isWhole := (body.Pool != nil || body.Name != nil) && body.Slots != nil && body.Deferred != nil
	switch {
	case a.since(3, 2, 0) && !isWhole:
		return invalid("missing", "Field required", "include_deferred")
	case a.isV2 && body.Slots != nil && *body.Slots < -1:
		return invalid("greater_than_equal", "Input should be greater than or equal to -1", "body", "slots")
	case !a.isV2 && len(mask) == 0 && (body.Name == nil || body.Slots == nil):
		return badRequest("Missing required property(ies): ['name']")
	}
	return nil
}

// checkDefaultPool leaves slots and what counts to be changed. Airflow 2 looks no further when the body names the pool.
func (a *Airflow) checkDefaultPool(body poolBody, mask []string) error {
	isOther := func(member string) bool { return member != "slots" && member != "include_deferred" }
	switch {
	case len(mask) > 0 && !slices.ContainsFunc(mask, isOther):
		return nil
	case a.isV2:
		return badRequest("Only slots and included_deferred can be modified on Default Pool")
	case body.Name != nil && *body.Name == defaultPool:
		return nil
	}
	return badRequest("Default Pool's name can't be modified")
}

// maskOf is the members of update_mask: repeated on Airflow 3, and joined by commas on Airflow 2, which takes both.
func maskOf(r *http.Request) []string {
	var mask []string
	for _, members := range r.URL.Query()["update_mask"] {
		mask = append(mask, strings.Split(members, ",")...)
	}
	return mask
}

func (a *Airflow) deletePool(r *http.Request) (answer, error) {
	p, err := a.poolOf(r)
	if err != nil {
		return answer{}, err
	}
	if p.name == defaultPool {
		return answer{}, badRequest("Default Pool can't be deleted")
	}
	delete(a.pools, p.name)
	return answer{status: http.StatusNoContent}, nil
}

// variable is the row of a variable.
type variable struct{ key, value, description string }

// SetVariable makes a variable, or gives it another value.
func (a *Airflow) SetVariable(key, value string) {
	defer a.live()()
	a.variables[key] = &variable{key: key, value: value}
}

// variableRow shows values as they are on Airflow 2. Airflow 3 masks those whose key sounds secret.
func (a *Airflow) variableRow(v *variable) row {
	shown := row{"key": v.key, "value": v.value, "description": orNull(v.description)}
	if !a.isV2 {
		return shown
	}
	shown["is_encrypted"] = true
	secret := func(word string) bool { return strings.Contains(strings.ToLower(v.key), word) }
	if v.value != "" && slices.ContainsFunc([]string{"password", "passwd", "secret", "token", "api_key", "apikey", "authorization"}, secret) {
		shown["value"] = "***"
	}
	return shown
}

func (a *Airflow) listVariables(r *http.Request) (answer, error) {
	q, err := a.query(r, "limit", "offset", "order_by")
	if err != nil {
		return answer{}, err
	}
	p, err := a.pageOf(q)
	if err != nil {
		return answer{}, err
	}
	return collection("variables", sortedKeys(a.variables), p, func(key string) row { return a.variableRow(a.variables[key]) }), nil
}

// variableBody is the form of a variable.
type variableBody struct {
	Key         string  `json:"key"`
	Value       string  `json:"value"`
	Description *string `json:"description"`
}

func (b variableBody) row() *variable {
	v := &variable{key: b.Key, value: b.Value}
	if b.Description != nil {
		v.description = *b.Description
	}
	return v
}

// makeVariable makes a variable. One that is there is a conflict on Airflow 3; Airflow 2 writes over it, description and all.
func (a *Airflow) makeVariable(r *http.Request) (answer, error) {
	var body variableBody
	if err := a.readBody(r, &body); err != nil {
		return answer{}, err
	}
	if a.isV2 && a.variables[body.Key] != nil {
		return answer{}, conflict("The Variable with key: `%s` already exists", body.Key)
	}
	v := body.row()
	a.variables[v.key] = v
	return answer{status: a.created(), body: a.variableRow(v)}, nil
}

func (a *Airflow) variableOf(r *http.Request) (*variable, error) {
	key := r.PathValue("key")
	if v := a.variables[key]; v != nil {
		return v, nil
	}
	if a.isV2 {
		return nil, notFound(fmt.Sprintf("The Variable with key: `%s` was not found", key))
	}
	return nil, &refusal{status: http.StatusNotFound, title: "Variable not found", detail: "Variable does not exist"}
}

func (a *Airflow) readVariable(r *http.Request) (answer, error) {
	v, err := a.variableOf(r)
	if err != nil {
		return answer{}, err
	}
	return answer{body: a.variableRow(v)}, nil
}

// patchVariable keeps a description that is not in the body on Airflow 3, and loses it on Airflow 2, which also refuses a mask that names
// the value.
func (a *Airflow) patchVariable(r *http.Request) (answer, error) {
	v, err := a.variableOf(r)
	if err != nil {
		return answer{}, err
	}
	var body variableBody
	if err := a.readBody(r, &body); err != nil {
		return answer{}, err
	}
	if cmp.Or(body.Key, v.key) != v.key {
		if a.isV2 {
			return answer{}, badRequest("Invalid body, key from request body doesn't match uri parameter")
		}
		return answer{}, &refusal{status: http.StatusBadRequest, title: "Invalid post body", detail: "key from request body doesn't match uri parameter"}
	}
	if !a.isV2 && slices.Contains(maskOf(r), "value") {
		return answer{}, badRequest("'value' is unknown or cannot be updated.")
	}
	if !a.isV2 || body.Description != nil {
		v.description = body.row().description
	}
	v.value = body.Value
	return answer{body: a.variableRow(v)}, nil
}

func (a *Airflow) deleteVariable(r *http.Request) (answer, error) {
	v, err := a.variableOf(r)
	if err != nil {
		return answer{}, err
	}
	delete(a.variables, v.key)
	return answer{status: http.StatusNoContent}, nil
}
