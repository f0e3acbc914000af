import { contractGroup } from './contract-group.ts';

contractGroup('http');
