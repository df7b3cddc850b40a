export { layoutByName } from '../spec/layouts.ts';
