// Requests to the server that the page is from. The token, where one is asked for, lives as long as the tab.

const kToken = 'studyctl-token';
export const connection = new EventTarget();  // 'lost', 'back', 'login'

// What went wrong, for people.
export const said = error => (error instanceof TypeError ? 'The server does not answer.' : error.message);
// It may be well in a moment: nobody answered, or a run that has just begun has no status yet.
export const isPassing = error => error instanceof TypeError || error.status === 503;

// What a server refused, in its words.
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || body?.title || `the server answered ${status}`);
    this.status = status;
    this.errors = body?.errors ?? [];
  }
}

export const hasToken = () => sessionStorage.getItem(kToken) !== null;
export const setToken = token => sessionStorage.setItem(kToken, token);
export const forgetToken = () => sessionStorage.removeItem(kToken);

export const path = (...parts) => '/api/v1/' + parts.map(encodeURIComponent).join('/');

// A Response of 2xx. Throws Problem, or a TypeError where nobody answers.
export async function ask(url, {query = {}, headers = {}, ...options} = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  const search = new URLSearchParams(given).toString();
  const token = sessionStorage.getItem(kToken);
  if (token !== null) headers = {...headers, Authorization: `Bearer ${token}`};
  const response = await fetch(search ? `${url}?${search}` : url, {cache: 'no-store', ...options, headers})
    .catch(error => {
      if (error.name !== 'AbortError') connection.dispatchEvent(new Event('lost'));
      throw error;
    });
  connection.dispatchEvent(new Event('back'));
  if (response.ok) return response;
  if (response.status === 401) connection.dispatchEvent(new Event('login'));
  throw new Problem(response.status, await response.json().catch(() => null));
}

export const get = async (url, query, signal) => (await ask(url, {query, signal})).json();

export async function post(url, body, {query, type = 'application/json'} = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await ask(url, {query, method: 'POST', body: text, headers: {'Content-Type': type}});
  return response.json();
}
