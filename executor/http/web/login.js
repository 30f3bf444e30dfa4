// Asks for the token. It is sent with each request and forgotten with the tab.
import {forgetToken, setToken} from './api.js';
import {h} from './dom.js';
import {whoami} from './rights.js';

export function loginView(onLogin) {
  const token = h('input', {id: 'token', type: 'password', autocomplete: 'off', required: true, 'aria-describedby': 'login-error'});
  const error = h('p', {id: 'login-error', class: 'error', role: 'alert'});
  const button = h('button', {class: 'primary'}, 'Log in');
  const submit = async event => {
    event.preventDefault();
    button.disabled = true;
    error.textContent = '';
    setToken(token.value.trim());
    try {
      await whoami();
      form.remove();
      onLogin();
    } catch (problem) {
      forgetToken();
      error.textContent = problem.message;
      token.select();
    }
    button.disabled = false;
  };
  const form = h('form', {id: 'login', class: 'narrow', onsubmit: submit},
    h('h1', {}, 'Log in'), h('p', {}, 'This server wants a token. It is kept for this tab only.'),
    h('label', {for: 'token'}, 'Token'), token, error, button);
  return form;
}
