// Who the one before the screen is to the server. One that has no answer shows only.
import {get, path, Problem} from './api.js';

let me = {name: '', role: 'viewer'};

export async function whoami() {
  try {
    me = await get(path('whoami'));
  } catch (error) {
    me = {name: '', role: 'viewer'};
    if (!(error instanceof Problem) || error.status !== 404) throw error;
  }
  return me;
}

export const myName = () => me.name;
export const myRole = () => me.role;
export const mayChange = () => me.role === 'operator';
