// Which addresses the renderer connects to: public ones, and those of origins that were allowed by name.

import ipaddr from "ipaddr.js";
import { lookup } from "node:dns/promises";

/** Why an address is refused; `message` is fit for a shop owner. */
export class AddressRefused extends Error {
  override name = "AddressRefused";
}

/** The address of one connection, decided before it is made. */
export interface CheckedAddress {
  address: string;
  family: 4 | 6;
}

/** Finds the addresses of a host name. */
export type Resolve = (hostname: string) => Promise<string[]>;

export interface AddressRules {
  /** Serialized origins that may be private. */
  allowOrigins: readonly string[];
  /** The system's own resolver unless another is given. */
  resolve?: Resolve;
}

/** Embedded IPv4: what NAT64 and 6to4 carry counts as the address that it leads to. */
const NAT64_PREFIXES = ["64:ff9b::/96", "64:ff9b:1::/48"].map((prefix) => ipaddr.IPv6.parseCIDR(prefix));
/** IPv6's only range of global unicast; all else is reserved, local or a tunnel. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

/** True where an IP address, in any notation, is one of the public internet. */
export function isPublicAddress(text: string): boolean {
  const bare = text.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  if (!ipaddr.isValid(bare)) return false;
  const address = ipaddr.parse(bare);
  if (address instanceof ipaddr.IPv4) return address.range() === "unicast";
  return isPublicIpv6(address as ipaddr.IPv6);
}

function isPublicIpv6(address: ipaddr.IPv6): boolean {
  if (address.isIPv4MappedAddress()) return address.toIPv4Address().range() === "unicast";
  // A translated or tunnelled address is refused even where it leads to a public one: nobody's shop has one.
  if (NAT64_PREFIXES.some((prefix) => address.match(prefix))) return false;
  return address.range() === "unicast" && address.match(GLOBAL_UNICAST);
}

/**
 * Decides where a URL may be connected to. A host with any private address is refused, so that no answer
 * of a name server can mix one in. The connection must be made to the address that this returns.
 */
export async function checkAddress(url: URL, rules: AddressRules): Promise<CheckedAddress> {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new AddressRefused("only http and https addresses are taken");
  }
  if (url.username !== "" || url.password !== "") {
    throw new AddressRefused("the address holds a user name or password");
  }
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = ipaddr.isValid(hostname)
    ? [hostname]
    : await (rules.resolve ?? resolveBySystem)(hostname.replace(/\.$/, ""));
  const [first] = addresses;
  if (first === undefined) throw new Error("the host name has no address");
  const allowed = rules.allowOrigins.includes(url.origin);
  if (!allowed && !addresses.every(isPublicAddress)) {
    throw new AddressRefused("the address is not a public one");
  }
  return { address: first, family: first.includes(":") ? 6 : 4 };
}

async function resolveBySystem(hostname: string): Promise<string[]> {
  const found = await lookup(hostname, { all: true, verbatim: true });
  // IPv4 first: a container without IPv6 would spend the time-out on an address it cannot reach.
  return found.sort((a, b) => a.family - b.family).map((entry) => entry.address);
}
