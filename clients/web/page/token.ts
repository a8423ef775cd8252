/** The token of a bridge that asks for one: it comes behind # in the page's address, and does not stay there. */

const KEY = "meshcast.token";

/**
 * The token, undefined where there is none. It is kept for this tab where the page's own server asks for it (`own`), and
 * never said to another one that an address names.
 */
export function takeToken(own: boolean): string | undefined {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) history.replaceState(null, "", location.pathname + location.search);
  if (!own) return given ?? undefined;
  if (given) sessionStorage.setItem(KEY, given);
  return sessionStorage.getItem(KEY) ?? undefined;
}
