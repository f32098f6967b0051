// The tenants. This stands in for a table of your database, with an index on the issuer.

export interface Tenant {
  /** Becomes part of its people's identities, so it is never given to another tenant. */
  readonly id: string
  /** What stands in `iss` of its tokens. */
  readonly issuer: string
  /** What its issuer signs with. A tenant with an OpenID provider has none: see index.ts. */
  readonly key: string
}

const byIssuer = new Map<string, Tenant>()

export async function findTenant(issuer: string): Promise<Tenant | undefined> {
  return Promise.resolve(byIssuer.get(issuer))
}

/** Adds a tenant, unless its id or issuer is taken. */
export async function addTenant(tenant: Tenant): Promise<boolean> {
  const isTaken = [...byIssuer.values()].some(
    ({ id, issuer }) => id === tenant.id || issuer === tenant.issuer,
  )
  if (!isTaken) byIssuer.set(tenant.issuer, tenant)
  return Promise.resolve(!isTaken)
}

export async function removeTenant(id: string): Promise<boolean> {
  const tenant = [...byIssuer.values()].find((one) => one.id === id)
  return Promise.resolve(tenant !== undefined && byIssuer.delete(tenant.issuer))
}
